"""A value of JSON and the name of its type beside it. The type decides, never the shape."""

from __future__ import annotations

import binascii

from sloth_tui.model import VALUE_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.model import Value


def of_type(kind: object, found: Any) -> Value:
    """Return the value. Raises ValueError if it does not fit its type, or there is no such type."""
    if kind == "string" and isinstance(found, str):
        return found
    if kind == "boolean" and isinstance(found, bool):
        return found
    if kind == "integer" and isinstance(found, int) and not isinstance(found, bool):
        return found
    if kind == "float" and isinstance(found, int | float) and not isinstance(found, bool):
        try:
            return float(found)
        except OverflowError:
            raise ValueError("a number that is not finite") from None
    if kind == "table" and isinstance(found, dict | list):
        return found
    if kind == "bytes":
        return bytes_of(found)
    if kind not in VALUE_TYPES:
        raise ValueError(f"there is no type {str(kind)[:64]!r}; types: {', '.join(VALUE_TYPES)}")
    raise ValueError(f"the value is no {kind}")


def bytes_of(found: object) -> bytes:
    """Return bytes: from text, or from ``{"base64": "..."}``. Raises ValueError."""
    if isinstance(found, str):
        return found.encode()
    if isinstance(found, dict) and list(found) == ["base64"] and isinstance(found["base64"], str):
        try:
            return binascii.a2b_base64(found["base64"].encode(), strict_mode=True)
        except ValueError:
            raise ValueError("not base64") from None
    raise ValueError("the value is no bytes")
