"""A value as lines a person can read, at a cost that does not grow with its size."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from textual.content import Content, Span

from sloth_tui.text import display_text, format_size

if TYPE_CHECKING:
    import re

    from sloth_tui.model import Value

SHOWN_CHARACTERS = 128 * 1024
"""What is drawn of a value; the rest is said to be missing."""

_BYTES_A_LINE = 16


def value_lines(value: Value, size: int, limit: int = SHOWN_CHARACTERS) -> tuple[list[str], str]:
    """Harmless lines of ``value``, and a note where they are not all of it (else an empty one).

    A table is laid out as JSON, bytes as offset, hexadecimal and text.
    """
    if isinstance(value, bytes):
        shown = value[: limit // 4]
        return _hexadecimal(shown), _rest(len(shown), len(value))
    text = value[: limit + 1] if isinstance(value, str) else _layout(value, limit)
    lines = display_text(text[:limit], lines=True).split("\n")
    return lines, f"first {format_size(limit)} of {format_size(size)}" if len(text) > limit else ""


def _rest(shown: int, size: int) -> str:
    return f"first {format_size(shown)} of {format_size(size)}" if shown < size else ""


def _layout(value: object, limit: int) -> str:
    """Indented JSON, up to a little over ``limit`` characters."""
    from json import JSONEncoder

    parts: list[str] = []
    length = 0
    for part in JSONEncoder(indent=2, ensure_ascii=False).iterencode(value):
        parts.append(part)
        length += len(part)
        if length > limit:
            break
    return "".join(parts)


def _hexadecimal(data: bytes) -> list[str]:
    lines = []
    for offset in range(0, len(data), _BYTES_A_LINE):
        row = data[offset : offset + _BYTES_A_LINE]
        half = _BYTES_A_LINE // 2
        digits = f"{row[:half].hex(' '):<23}  {row[half:].hex(' '):<23}"
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in row)
        lines.append(f"{offset:08x}  {digits}  {text}")
    return lines or ["(no bytes)"]


@cache
def _json_parts() -> re.Pattern[str]:
    """Compiled when the first table is shown."""
    import re

    return re.compile(
        r"""(?P<name>"(?:[^"\\]|\\.)*")(?=\s*:)
          | (?P<text>"(?:[^"\\]|\\.)*"?)
          | (?P<word>\b(?:true|false|null)\b)
          | (?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)
          | (?P<mark>[{}\[\],:])""",
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
    """``line`` of a value of type ``kind``, coloured; the line must be harmless already."""
    if kind == "table":
        parts = _json_parts().finditer(line)
        return Content(line, [Span(*part.span(), _JSON_STYLES[part.lastgroup or "mark"]) for part in parts])
    if kind == "bytes":
        return Content(line).stylize("$quiet", 0, 8).stylize("$secondary", 60)
    if kind in ("integer", "float", "boolean"):
        return Content(line).stylize("$accent")
    return Content(line)
