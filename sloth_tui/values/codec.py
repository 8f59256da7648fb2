"""Encode keys and values as a backend keeps them: text (or bytes) plus the name of a type.

A string is kept as it is and its type is None, so that what programs without types write reads as
a string. Everything else is text with a type beside it: decimal digits, ``repr`` of a float, ``true``
or ``false``, compact JSON. Bytes are kept as bytes. ``json`` is imported only to write a table.
"""

from __future__ import annotations

from sloth_tui.errors import InvalidKey, InvalidValue, NotANumber

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from sloth_tui.model import Value

    Stored: TypeAlias = "str | bytes"

MAX_KEY = 4096
"""Bytes of UTF-8."""
MAX_VALUE = 64 * 1024 * 1024
"""Bytes as stored."""
MAX_DEPTH = 200
"""How deep tables may nest; SQLite's JSON functions end at 1000."""
MIN_INTEGER = -(2**63)
MAX_INTEGER = 2**63 - 1

_PLAIN = frozenset((str, bool, type(None)))
"""Types of which a table holds every value."""
_BOOLEANS = {"true": True, "false": False}


def check_key(key: str) -> str:
    """Return the key. Raises InvalidKey unless it is non-empty UTF-8 of at most 4 KiB without NUL."""
    if not isinstance(key, str):
        raise InvalidKey(f"a key must be text, not {type(key).__name__}")
    if not key:
        raise InvalidKey("a key must not be empty")
    if "\0" in key:
        raise InvalidKey(f"key '{key[:64]}' contains NUL")
    try:
        size = len(key) if key.isascii() else len(key.encode())
    except UnicodeEncodeError:
        raise InvalidKey(f"key '{key[:64]}' is not UTF-8") from None
    if size > MAX_KEY:
        raise InvalidKey(f"key '{key[:64]}…' has {size:,} bytes", hint=f"at most {MAX_KEY:,}")
    return key


def key_bytes(key: str) -> bytes | None:
    """Return the stored form of a key; None for text that no stored form can have."""
    try:
        return key.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return None


def decode_key(stored: bytes) -> str:
    """Return the key as text; bytes that are not UTF-8 become the escapes of PEP 383."""
    return stored.decode("utf-8", "surrogateescape")


def after_prefix(prefix: bytes) -> bytes | None:
    """Return the smallest key greater than every key with this prefix; None if there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes((stem[-1] + 1,)) if stem else None


def first_segment(key: str) -> str:
    """Return ``deploy:`` of ``deploy:version``; segments end in ``:`` or ``/``. Return all of a key without
    one."""
    ends = [place for place in map(key.find, ":/") if place >= 0]
    return key[: min(ends) + 1] if ends else key


def encode(value: Value) -> tuple[str | None, Stored]:
    """Return the type, None for a string, and the stored form. Raises InvalidValue for what no store can
    hold."""
    if isinstance(value, str):
        kind, stored = None, value
    elif value is True or value is False:
        return "boolean", "true" if value else "false"
    elif isinstance(value, int):
        return "integer", _integer(value)
    elif isinstance(value, float):
        return "float", _float(value)
    elif isinstance(value, bytes):
        if len(value) > MAX_VALUE:
            raise _too_large(len(value))
        return "bytes", value
    elif isinstance(value, dict | list):
        kind, stored = "table", _table(value)
    else:
        raise InvalidValue(
            "nothing cannot be stored" if value is None else f"a {type(value).__name__} cannot be stored",
            hint="text, a number, a boolean, a table or bytes",
        )
    try:
        size = len(stored) if stored.isascii() else len(stored.encode())
    except UnicodeEncodeError:
        raise _half_a_character() from None
    if size > MAX_VALUE:
        raise _too_large(size)
    return kind, stored


def decode(kind: str | None, stored: object) -> Value:
    """Return the value that was stored. Text that does not fit its type, left by a program without types, is
    a string.

    The backend reads tables in its own way: here a table is the text, or the bytes, that it is stored as.
    Raises TypeError if there is no value, in a damaged database.
    """
    if isinstance(stored, bytes):
        return stored
    if stored is None:
        raise TypeError("no value")
    text = stored if isinstance(stored, str) else str(stored)
    try:
        if kind == "integer":
            return _within(int(text), text) if _is_plain(text) else text
        if kind == "float":
            return _within(float(text), text) if _is_plain(text) else text
    except ValueError:
        return text
    if kind == "boolean":
        return _BOOLEANS.get(text, text)
    return text


def type_name(value: Value) -> str:
    """Return ``string``, ``integer``, ``float``, ``boolean``, ``table`` or ``bytes``."""
    if isinstance(value, str):
        return "string"
    if value is True or value is False:
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "float"
    return "bytes" if isinstance(value, bytes) else "table"


def same(one: object, other: object) -> bool:
    """True if equal in type and value, at all depths: 1, 1.0, ``"1"`` and true differ; 0.0 and -0.0, too."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(item, other[name]) for name, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return repr(one) == repr(other)
    return one == other


def as_number(value: Value) -> int | float | None:
    """Return the number that a value is or, if it is a string, reads as; None if it is not a number."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or not _is_plain(value):
        return None
    try:
        whole = int(value)
    except ValueError:
        try:
            number = float(value)
        except ValueError:
            return None
        return number if is_finite(number) else None
    return whole if MIN_INTEGER <= whole <= MAX_INTEGER else None


def added(key: str, value: Value, by: int | float) -> int | float:
    """Return the sum of the value of ``key`` and a number. Raises NotANumber if the value is not a number, or
    the sum cannot be stored."""
    number = as_number(value)
    if number is None:
        raise NotANumber(f"key '{key}' does not hold a number")
    try:
        total = number + by
    except OverflowError:
        total = float("inf")
    if isinstance(total, int) and not MIN_INTEGER <= total <= MAX_INTEGER:
        raise NotANumber(f"key '{key}': the sum does not fit 64 bits")
    if not is_finite(total):
        raise NotANumber(f"key '{key}': the sum is not finite")
    return total


def is_finite(number: float) -> bool:
    return number - number == 0


def _is_plain(text: str) -> bool:
    """True if ``int`` and ``float`` read it as other languages do: ASCII, no blanks, no ``1_000``."""
    return 0 < len(text) <= 400 and text.isascii() and "_" not in text and text.strip() == text


def _within(number: int | float, text: str) -> int | float | str:
    """Return the number if a value may be that large, else its text."""
    fits = MIN_INTEGER <= number <= MAX_INTEGER if isinstance(number, int) else is_finite(number)
    return number if fits else text


def _too_large(size: int) -> InvalidValue:
    return InvalidValue(f"the value has {size:,} bytes", hint=f"at most {MAX_VALUE:,}")


def _half_a_character() -> InvalidValue:
    return InvalidValue("the text holds half of a character (a lone surrogate)", hint="store it as bytes")


def _integer(value: int) -> str:
    if not MIN_INTEGER <= value <= MAX_INTEGER:
        raise InvalidValue("an integer must fit 64 bits", hint="store it as text")
    return int.__repr__(value)


def _float(value: float) -> str:
    if not is_finite(value):
        raise InvalidValue("a number must be finite", hint="store it as text")
    return float.__repr__(value)


def _table(value: dict[str, object] | list[object]) -> str:
    import json

    _check_table(value)
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _check_table(root: object) -> None:
    """Raise InvalidValue for what JSON would change silently (keys that are not text) or cannot hold. Never
    recurses."""
    level: list[object] = [root]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for item in level:
            if type(item) in _PLAIN:
                continue
            if isinstance(item, dict):
                for name in item:
                    if not isinstance(name, str):
                        raise InvalidValue(f"a table's keys must be text, not {type(name).__name__}")
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
            else:
                _check_leaf(item)
        if not inner:
            return
        level = inner
    if any(isinstance(item, dict | list) for item in level):
        raise InvalidValue(f"the table is nested more than {MAX_DEPTH} deep")
    for item in level:
        _check_leaf(item)


def _check_leaf(item: object) -> None:
    if item is None or isinstance(item, str | bool):
        return
    if isinstance(item, int):
        _integer(item)
    elif isinstance(item, float):
        _float(item)
    else:
        raise InvalidValue(
            f"a table cannot hold {type(item).__name__}", hint="only what JSON has: text, numbers..."
        )
