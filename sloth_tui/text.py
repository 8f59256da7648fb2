"""Format data for people: harmless to a terminal, and in familiar units.

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
"""Code points that are invisible or reorder the text beside them (Unicode TR36, 2.6)."""


def _harmless() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20)}
    table[0x7F] = "\u2421"
    table.update({code: f"\\x{code:02x}" for code in range(0x80, 0xA0)})
    table.update({code: f"\\u{code:04x}" for code in _INVISIBLE_FORMAT})
    # An undecodable byte arrives as one of these (PEP 383).
    table.update({0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)})
    return table


HARMLESS = _harmless()
"""Code point that may act on a terminal or is invisible -> text shown in its place."""
_HARMLESS_LINES = {code: shown for code, shown in HARMLESS.items() if code != 0x0A}
_HARMLESS_OUTPUT = {code: shown for code, shown in HARMLESS.items() if code != 0x09}
_PIECE = 1 << 16


def display_text(data: str | bytes, limit: int | None = None, *, lines: bool = False) -> str:
    """Return ``data`` as text that cannot act on a terminal, has nothing invisible, and stays on its line.

    Control characters become control pictures (``␛``), C1 controls, bidirectional and invisible
    characters become escapes (``\\u202e``), undecodable bytes and lone surrogates ``\\xNN``. Line
    feeds are kept with ``lines``. Text longer than ``limit`` characters is cut and ends in ``…``.
    The result is for people; it cannot be turned back into the data.
    """
    return _harmless_text(data, limit, _HARMLESS_LINES if lines else HARMLESS)


def output_line(text: str, limit: int | None = None) -> str:
    """Return a line of a task's output, made harmless like :func:`display_text`, as a terminal would leave
    it.

    Tabs stay. A carriage return at the end counts as part of the line end. After other carriage returns, such
    as those of a progress display, only the last state stays.
    """
    text = text.rstrip("\r")
    return _harmless_text(text[text.rfind("\r") + 1 :], limit, _HARMLESS_OUTPUT)


def last_state(line: bytes) -> bytes:
    """Return what a terminal would leave of a line: all after its last carriage return, but for those at its
    end."""
    return line[line.rstrip(b"\r").rfind(b"\r") + 1 :]


def display_pieces(data: str | bytes) -> Iterator[str]:
    """Yield the result of :func:`display_text` piece by piece: some values are as large as memory."""
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
    # Dangerous and invisible characters are not printable, so one fast check clears most text.
    if not text.isprintable():
        text = text.translate(harmless)
        if not text.isascii():
            text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return text


def encodable(text: str, encoding: str | None) -> str:
    """Return ``text`` with characters that ``encoding`` lacks turned into escapes, so that writing never
    fails."""
    return text.encode(encoding or "ascii", "backslashreplace").decode(encoding or "ascii")


def format_count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: ``1 key``, ``1,234 keys``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def format_size(size: int) -> str:
    """Return bytes in binary units: ``0 B``, ``1.5 KiB``, ``64 MiB``."""
    if size < 1024:
        return f"{size} B"
    amount = float(size)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        amount /= 1024
        if amount < 1023.95 or unit == "TiB":
            break
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"


def format_duration(seconds: float) -> str:
    """Return a duration in at most two units: ``0.25s``, ``42s``, ``3m 20s``, ``2d 4h``."""
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


def format_left(until: float, now: float) -> str:
    """Return how long it is until ``until``, both in unix seconds, in whole seconds: ``42s``, ``2h 5m``."""
    return format_duration(float(max(int(until - now), 0)))


def format_age(at: float | None, now: float) -> str:
    """Return how long ago ``at`` was, both in unix seconds: ``now``, ``42s ago``, ``in 5m``; ``-`` for
    None."""
    if at is None:
        return "-"
    passed = now - at
    if -1 < passed < 1:
        return "now"
    shown = format_duration(float(max(1, int(abs(passed))))).split()[0]
    return f"{shown} ago" if passed > 0 else f"in {shown}"


def listed(names: list[str], most: int = 20) -> str:
    """Return ``a, b, c``; for more than ``most`` names, the first ones and the number of the rest."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def nearest(wanted: str, candidates: list[str], limit: int = 3) -> list[str]:
    """Return up to ``limit`` of ``candidates`` that a person may have meant, best first."""
    import difflib

    return difflib.get_close_matches(wanted, candidates, n=limit, cutoff=0.6)


def timestamp(at: float | None) -> str | None:
    """Unix seconds as RFC 3339 in UTC, to the millisecond; None stays None."""
    if at is None:
        return None
    import time

    milliseconds = round(at * 1000)
    moment = time.gmtime(milliseconds // 1000)
    # strftime does not fill up years of less than four digits.
    return f"{moment.tm_year:04}{time.strftime('-%m-%dT%H:%M:%S', moment)}.{milliseconds % 1000:03d}Z"
