"""How data is shown to people: made harmless, and in units they read.

:func:`display_text` is the only way data (a key, a value, a holder, a file name, a command's output)
may reach a terminal. Everything here is pure and imports nothing, because every command needs it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_INVISIBLE_FORMAT = (
    0x00AD,  # soft hyphen
    0x061C,
    0x180E,
    *range(0x200B, 0x2010),  # zero width, left-to-right and right-to-left marks
    *range(0x2028, 0x202F),  # line and paragraph separators, bidirectional embeddings
    *range(0x2060, 0x2070),  # word joiner, bidirectional isolates
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),  # tags
)
"""Code points that show nothing or reorder what stands beside them (Unicode TR36, 2.6)."""


def _harmless() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20)}
    table[0x7F] = "\u2421"
    table.update({code: f"\\x{code:02x}" for code in range(0x80, 0xA0)})
    table.update({code: f"\\u{code:04x}" for code in _INVISIBLE_FORMAT})
    # An undecodable byte arrives as one of these (PEP 383).
    table.update({0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)})
    return table


HARMLESS = _harmless()
"""Code points that may act on a terminal or hide, and what is shown in their place."""
_HARMLESS_LINES = {code: shown for code, shown in HARMLESS.items() if code != 0x0A}
_HARMLESS_OUTPUT = {code: shown for code, shown in HARMLESS.items() if code != 0x09}
_PIECE = 1 << 16


def display_text(data: str | bytes, limit: int | None = None, *, lines: bool = False) -> str:
    """``data`` as text that cannot act on a terminal, cannot hide, and stays on its line.

    Control characters become control pictures (``␛``), C1 controls, bidirectional and invisible
    characters become escapes (``\\u202e``), undecodable bytes and lone surrogates ``\\xNN``. Line
    feeds are kept with ``lines``. Longer than ``limit`` characters: cut, ending in ``…``.
    The result is for people; it cannot be turned back into the data.
    """
    return _harmless_text(data, limit, _HARMLESS_LINES if lines else HARMLESS)


def output_line(text: str, limit: int | None = None) -> str:
    """A line of a task's output, as harmless as :func:`display_text` makes it, but as a terminal leaves it.

    Its tabs stay, a carriage return at the end belongs to the end of the line, and of what lone carriage
    returns began anew, such as progress, the last state stays.
    """
    text = text.rstrip("\r")
    return _harmless_text(text[text.rfind("\r") + 1 :], limit, _HARMLESS_OUTPUT)


def display_pieces(data: str | bytes) -> Iterator[str]:
    """What :func:`display_text` makes of ``data``, piece by piece: some values are as large as memory."""
    from codecs import getincrementaldecoder

    decoder = getincrementaldecoder("utf-8")("surrogateescape")
    for start in range(0, len(data), _PIECE):
        end = start + _PIECE
        piece = data[start:end]
        text = decoder.decode(piece, end >= len(data)) if isinstance(piece, bytes) else piece
        yield _harmless_text(text, None, HARMLESS)


def _harmless_text(data: str | bytes, limit: int | None, harmless: dict[int, str]) -> str:
    if isinstance(data, bytes):
        cut = data if limit is None else data[: 4 * (limit + 1)]
        text = cut.decode("utf-8", "surrogateescape")
    else:
        text = data if limit is None else data[: limit + 1]
    # What may act or hide is not printable, so most text is looked over at the speed of memory.
    if not text.isprintable():
        text = text.translate(harmless)
        if not text.isascii():
            text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return text


def encodable(text: str, encoding: str | None) -> str:
    """``text`` with what ``encoding`` cannot say turned into escapes, so that writing it never fails."""
    return text.encode(encoding or "ascii", "backslashreplace").decode(encoding or "ascii")


def format_count(number: int, noun: str, plural: str | None = None) -> str:
    """``1 key``, ``1,234 keys``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def format_size(size: int) -> str:
    """Bytes in binary units: ``0 B``, ``1.5 KiB``, ``64 MiB``."""
    if size < 1024:
        return f"{size} B"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        amount /= 1024
        if amount < 1023.95 or unit == "TiB":
            break
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"


def format_duration(seconds: float) -> str:
    """A span of time in at most two units: ``0.25s``, ``42s``, ``3m 20s``, ``2d 4h``."""
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if seconds < 10:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + "s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    for size, unit, part_size, part in (
        (86400, "d", 3600, "h"),
        (3600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // part_size
            return f"{whole // size}{unit}" + (f" {rest}{part}" if rest else "")
    raise AssertionError(seconds)


def format_age(at: float | None, now: float) -> str:
    """How long ago ``at`` was: ``now``, ``42s ago``, ``3d ago``, ``in 5m``; ``-`` where it is not known."""
    if at is None:
        return "-"
    passed = now - at
    if -1 < passed < 1:
        return "now"
    shown = format_duration(float(max(1, int(abs(passed))))).split()[0]
    return f"{shown} ago" if passed > 0 else f"in {shown}"


def listed(names: list[str], most: int = 20) -> str:
    """``a, b, c``; of more than ``most`` names the first ones, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def nearest(wanted: str, candidates: list[str], limit: int = 3) -> list[str]:
    """Those of ``candidates`` a person may have meant, best first."""
    import difflib

    return difflib.get_close_matches(wanted, candidates, n=limit, cutoff=0.6)
