"""The VALUE of ``state set``: from the command line or stdin, as the type that ``--type`` says."""

from __future__ import annotations

import os
import sys

from sloth_tui.cli import convert
from sloth_tui.errors import InvalidValue, UsageError
from sloth_tui.store.values import MAX_VALUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value

_READERS: dict[str, Callable[[str], Value]] = {
    "string": str,
    "integer": convert.integer,
    "float": convert.floating,
    "number": convert.number,
    "boolean": convert.boolean,
    "table": convert.table,
    "json": convert.json_value,
}

TYPES = (*_READERS, "bytes")
"""What ``--type`` takes: the types of values, and ``number`` and ``json`` for whichever fits."""


def from_stdin_or(word: str, kind: str | None) -> Value:
    """The value ``word`` stands for; ``-`` is whatever stdin holds. Raises InvalidValue."""
    return typed(read_stdin() if word == "-" else os.fsencode(word), kind)


def read_stdin() -> bytes:
    """All of stdin, to the byte. Raises InvalidValue when it is more than any value may be."""
    if sys.stdin is None:
        raise UsageError("VALUE is -, but stdin is closed")
    data = sys.stdin.buffer.read(MAX_VALUE + 1)
    if len(data) > MAX_VALUE:
        raise InvalidValue("stdin holds more than 64 MiB, the most a value may have")
    return data


def typed(data: bytes, kind: str | None) -> Value:
    """``data`` read as the type ``kind``: without one a string, or bytes if it is no UTF-8."""
    if kind == "bytes":
        return data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        if kind is None:
            return data
        raise InvalidValue(f"the value is not UTF-8, so it is no {kind}", hint="use --type bytes") from None
    try:
        return text if kind is None else _READERS[kind](text)
    except ValueError as error:
        raise InvalidValue(f"VALUE as {kind}: {error}") from error
