"""Convert values between Lua and the store.

Lua strings are bytes here. The store keeps those that are UTF-8 as text, others as bytes; both come back as
the same string. Tables cross as JSON text, which Lua code reads and writes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from lupa.lua54 import lua_type

from sloth_tui.errors import InvalidKey, InvalidValue, SlothError, UsageError
from sloth_tui.runner.link import HELD, stand_still, stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value

_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def text_from_lua(data: object, argument: str) -> str:
    """Decode a Lua string. Raises UsageError, or InvalidKey if it is not UTF-8; both name the argument."""
    try:
        return str(cast("bytes", data), "utf-8")
    except TypeError:
        raise UsageError(f"{argument} must be a string, got {type_name(data)}") from None
    except UnicodeDecodeError:
        raise InvalidKey(f"{argument} is not UTF-8") from None


def value_from_lua(value: object, is_json: object) -> Value:
    """Return the value to store. ``is_json``: it is the JSON text of a table. Raises InvalidValue."""
    if type(value) is bytes:
        if is_json:
            return cast("Value", json.loads(value))
        try:
            return str(value, "utf-8")
        except UnicodeDecodeError:
            return value
    if value is None or not isinstance(value, (bool, int, float)):
        raise InvalidValue(f"value must not be a {type_name(value)}")
    return value


def value_to_lua(value: Value) -> tuple[object, bool]:
    """Return what Lua gets, and whether that is the JSON text of a table."""
    if type(value) is str:
        return value.encode(), False
    if isinstance(value, (dict, list)):
        return _dumps(value).encode(), True
    return value, False


def json_functions() -> dict[str, Callable[..., object]]:
    """Return the host functions that json.lua calls, by name."""

    def float_text(number: float) -> object:
        return True, float.__repr__(number).encode()

    return {"float_text": host_function(float_text)}


def type_name(value: object) -> str:
    """Return Lua's name of the type."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, bytes) else (lua_type(value) or "userdata")


def host_function(function: Callable[..., object]) -> Callable[..., object]:
    """Wrap a function for Lua: the wrapper returns ``True, ...`` or ``False, message``, and never raises.

    It does not return at all while the run is being stopped.
    """

    def call(*arguments: object) -> object:
        if stopped():
            stand_still(HELD)
        try:
            return function(*arguments)
        except SlothError as error:
            message = f"{error.message} ({error.hint})" if error.hint else error.message
            return False, message.encode("utf-8", "backslashreplace")
        except MemoryError:
            return False, b"not enough memory"
        except Exception as error:  # noqa: BLE001 - an exception inside Lua would be an object to play with
            return False, f"internal error: {error!r}".encode("utf-8", "backslashreplace")
        finally:
            if stopped():
                stand_still(HELD)

    return call
