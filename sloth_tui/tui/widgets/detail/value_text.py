"""Lay a value out as readable lines, at a cost that does not grow with its size."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content, Span

from sloth_tui.text import display_text, format_size

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from sloth_tui.model import Value

SHOWN_CHARACTERS = 128 * 1024
"""Drawn at most of a value; a note says that the rest is missing."""

_BYTES_A_LINE = 16


class Sheet(NamedTuple):
    """A value laid out."""

    lines: list[str]
    """Harmless lines, without line feeds."""
    kind: str
    """How to colour them: the name of a type; ``table`` also for text that is JSON."""
    note: str
    """Says what is missing; empty if nothing is."""


def sheet(value: Value, size: int, kind: str, width: int = 0, limit: int = SHOWN_CHARACTERS) -> Sheet:
    """Lay out ``value``, of type ``kind`` and ``size`` bytes, for a view of ``width`` cells (0: any width).

    Tables, and text that holds a JSON object or list, are laid out as JSON; bytes as offset, hexadecimal and
    text.
    """
    if isinstance(value, bytes):
        shown = value[: limit // 4]
        return Sheet(_hexadecimal(shown, bytes_a_line(width)), kind, _rest(len(shown), len(value)))
    if isinstance(value, str):
        document = _document(value) if len(value) <= limit else None
        if document is not None:
            return Sheet(document.split("\n"), "table", "")
    text = value[: limit + 1] if isinstance(value, str) else _layout(value, limit)
    lines = display_text(text[:limit], lines=True).split("\n")
    note = f"first {format_size(limit)} of {format_size(size)}" if len(text) > limit else ""
    return Sheet(lines, kind, note)


def value_lines(value: Value, size: int, limit: int = SHOWN_CHARACTERS) -> tuple[list[str], str]:
    """Return harmless lines of ``value``, and a note on what is missing (else empty). JSON text is not laid
    out."""
    if isinstance(value, str):
        note = f"first {format_size(limit)} of {format_size(size)}" if len(value) > limit else ""
        return display_text(value[:limit], lines=True).split("\n"), note
    found = sheet(value, size, "", limit=limit)
    return found.lines, found.note


def whole_text(value: Value) -> Iterator[str]:
    """Yield a whole value as harmless text, in pieces."""
    if isinstance(value, bytes):
        step = 4096 * _BYTES_A_LINE
        for start in range(0, len(value), step):
            yield "\n".join(_hexadecimal(value[start : start + step], _BYTES_A_LINE, start)) + "\n"
    elif isinstance(value, str):
        step = 64 * 1024
        for start in range(0, len(value), step):
            yield display_text(value[start : start + step], lines=True)
        yield "\n"
    else:
        from json import JSONEncoder

        for part in JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
            yield display_text(part, lines=True)
        yield "\n"


def bytes_a_line(width: int) -> int:
    """Return how many bytes of a dump fit ``width`` cells: 16, 8 or 4."""
    if not width or width >= 76:
        return 16
    return 8 if width >= 43 else 4


def _rest(shown: int, size: int) -> str:
    return f"first {format_size(shown)} of {format_size(size)}" if shown < size else ""


def _layout(value: object, limit: int) -> str:
    """Return indented JSON, cut a little after ``limit`` characters."""
    from json import JSONEncoder

    parts: list[str] = []
    length = 0
    for part in JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        parts.append(part)
        length += len(part)
        if length > limit:
            break
    return "".join(parts)


def _document(text: str) -> str | None:
    """Lay out text that is a JSON object or list, token by token so that nothing in it changes; return None
    if it is neither."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    import json

    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    parts: list[str] = []
    depth, before = 0, ""
    for found in _tokens().finditer(text):
        part = found.group()
        opens = before in ("{", "[")
        if part in ("}", "]"):
            depth -= 1
            parts.append("" if opens else "\n" + "  " * depth)
        elif before == "," or opens:
            parts.append("\n" + "  " * depth)
        parts.append(": " if part == ":" else display_text(part))
        depth += part in ("{", "[")
        before = part
    return "".join(parts)


def _hexadecimal(data: bytes, per_line: int, at: int = 0) -> list[str]:
    lines = []
    half = per_line // 2 if per_line > 8 else per_line
    for offset in range(0, len(data), per_line):
        row = data[offset : offset + per_line]
        digits = f"{row[:half].hex(' '):<{3 * half - 1}}"
        if half < per_line:
            digits += f"  {row[half:].hex(' '):<{3 * half - 1}}"
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in row)
        lines.append(f"{at + offset:08x}  {digits}  {text}")
    return lines or ["(no bytes)"]


@cache
def _tokens() -> re.Pattern[str]:
    import re

    return re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


@cache
def _json_parts() -> re.Pattern[str]:
    """Return the pattern of JSON tokens, compiled when the first table is shown."""
    import re

    return re.compile(
        r"""(?P<name>"(?:[^"\\]|\\.)*")(?=\s*:)
          | (?P<text>"(?:[^"\\]|\\.)*"?)
          | (?P<word>\b(?:true|false|null)\b)
          | (?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
          | (?P<mark>[{}\[\],:▾▸…])""",
        re.VERBOSE,
    )


_JSON_STYLES = {
    "name": "$secondary",
    "text": "$success",
    "word": "$accent",
    "number": "$accent",
    "mark": "$quiet",
}


@lru_cache(maxsize=512)
def highlight(line: str, kind: str) -> Content:
    """Return a harmless ``line`` of a value of type ``kind`` in its colours."""
    if kind == "table":
        parts = _json_parts().finditer(line)
        return Content(line, [Span(*part.span(), _JSON_STYLES[part.lastgroup or "mark"]) for part in parts])
    if kind == "bytes":
        text = _text_column(line)
        return Content(line).stylize("$quiet", 0, 8).stylize("$secondary", text)
    if kind in ("integer", "float", "boolean"):
        return Content(line).stylize("$accent")
    return Content(line)


def _text_column(line: str) -> int:
    """Return where the text begins in a line of a dump of 4, 8 or 16 bytes a line."""
    for column in (60, 35, 23):
        if line[column - 2 : column] == "  " and len(line) > column:
            return column
    return len(line)
