"""The errors of a file that cannot be imported. Each names the file, the place in it and the reason."""

from __future__ import annotations

from sloth_tui.errors import ImportFileUnusable

MAX_DOCUMENT = 256 * 1024 * 1024
"""Bytes of a file in a format that has to be read as a whole."""


def fault(name: str, reason: str, line: int | None = None, *, hint: str | None = None) -> ImportFileUnusable:
    """Return the error for a file, with the line where there is one. Nothing was changed, and the hint says
    so if there is no better one."""
    place = name if line is None else f"{name}, line {line:,}"
    return ImportFileUnusable(f"{place}: {reason}", hint=hint or "nothing was changed")


def occurs_twice(name: str, key: str, first: int, second: int) -> ImportFileUnusable:
    return fault(name, f"key '{key[:64]}' occurs twice, first in line {first:,}", second)


def decoded(name: str, data: bytes) -> str:
    """Return the text of a whole file, without its byte order mark. Raises ImportFileUnusable with the line
    and column of what is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        raise not_utf8(name, before[before.rfind(b"\n") + 1 :], line) from None


def not_utf8(name: str, before: bytes, line: int) -> ImportFileUnusable:
    """``before``: the bytes of the line before the wrong one."""
    column = len(before.decode("utf-8", "replace")) + 1
    return fault(name, f"not UTF-8 text (column {column:,})", line)
