"""What a value becomes when its type changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sloth_tui.errors import InvalidValue
from sloth_tui.tui.editing import from_text

if TYPE_CHECKING:
    from sloth_tui.model import Value


def converted(value: Value, kind: str) -> Value:
    """``value`` as the type ``kind``, without loss. Raises InvalidValue saying why that cannot be."""
    if kind == "string":
        return _text(value)
    if kind == "bytes":
        return value if isinstance(value, bytes) else _text(value).encode()
    if isinstance(value, dict | list):
        if kind == "table":
            return value
        raise InvalidValue("a table is no single value")
    if isinstance(value, bool) and kind in ("integer", "float"):
        return int(value) if kind == "integer" else float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number(value, kind)
    return from_text(_text(value), kind)


def _number(value: int | float, kind: str) -> Value:
    if kind == "boolean":
        if value in (0, 1):
            return bool(value)
        raise InvalidValue("neither 0 nor 1")
    if kind == "table":
        raise InvalidValue("must be an object or a list")
    if kind == "integer":
        if int(value) != value:
            raise InvalidValue("no whole number")
        return from_text(str(int(value)), "integer")
    if isinstance(value, float):
        return value
    if int(float(value)) != value:
        raise InvalidValue("has more digits than a float can hold")
    return float(value)


def _text(value: Value) -> str:
    """The text that stands for a value: text itself, or JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise InvalidValue("the bytes are no UTF-8") from None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
