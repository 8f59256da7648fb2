"""Values as text to the letter, for the clipboard; on a screen nothing of this may stand."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sloth_tui.model import Value


def as_printed(value: Value) -> str:
    """The value as ``state get`` prints it; bytes that are no UTF-8 as hexadecimal digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex(" ")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_object(values: Mapping[str, Value]) -> str:
    """One JSON object, as ``state list -o json`` prints it."""
    return json.dumps(values, ensure_ascii=False, indent=2, default=_portable)


def type_name(value: Value) -> str:
    """What ``--type`` calls it."""
    if isinstance(value, bool):
        return "boolean"
    names: dict[type, str] = {str: "string", int: "integer", float: "float", bytes: "bytes"}
    return names.get(type(value), "table")


def _portable(value: object) -> object:
    assert isinstance(value, bytes)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode()}
