"""Base64 as other programs write it: the standard alphabet, padded."""

from __future__ import annotations

import binascii

from sloth_tui.exchange.faults import fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def of_base64(name: str, field: object, where: str) -> bytes:
    """Return the bytes. Raises ImportFileUnusable; ``where`` is the place in the file."""
    if isinstance(field, str):
        try:
            return binascii.a2b_base64(field.encode(), strict_mode=True)
        except (ValueError, UnicodeEncodeError):
            pass
    raise fault(name, f"{where} is not base64")


def text_or_bytes(data: bytes) -> str | bytes:
    """Return text if the bytes are UTF-8, which other programs do not tell apart."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def json_of(name: str, text: str) -> Any:
    """Parse a JSON document of another program: its integers may have any size. Raises ImportFileUnusable."""
    import json

    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        truncated = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        complaint = "truncated" if truncated else f"not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        raise fault(name, f"{complaint} (column {error.colno:,})", error.lineno) from error
    except (RecursionError, ValueError) as error:
        raise fault(name, "not JSON that can be read: nested too deep, or a number too long") from error


def _no_constant(word: str) -> object:
    raise ValueError(word)
