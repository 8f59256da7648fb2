"""Read text as values: words of a command line, the text of an editor, a value as another type.

Functions that take a word of a command line are named for what they return, as ``int`` is. They raise
ValueError and quote the word, which stands beside others. Those that take the text of an editor raise
InvalidValue and do not quote it: the text is in view.
"""

from __future__ import annotations

from sloth_tui.errors import InvalidValue
from sloth_tui.values.codec import MAX_INTEGER, MIN_INTEGER, is_finite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value

_SHOWN_CHARACTERS = 60
"""Characters of a wrong word that its error message repeats."""

MAX_GRACE_SECONDS = 30 * 86_400.0


def integer(word: str) -> int:
    """Return a decimal integer of 64 bits. Raises ValueError."""
    try:
        return _integer(word)
    except OverflowError:
        raise ValueError(f"{_quoted(word)} does not fit into 64 bits") from None
    except ValueError:
        raise ValueError(f"{_quoted(word)} is not an integer") from None


def floating(word: str) -> float:
    """Return a finite decimal fraction. Raises ValueError."""
    try:
        return _float(word)
    except OverflowError:
        raise ValueError(f"{_quoted(word)} is not a finite number") from None
    except ValueError:
        raise ValueError(f"{_quoted(word)} is not a number") from None


def number(word: str) -> int | float:
    """Return an integer if it is written as one, otherwise a fraction. Raises ValueError."""
    try:
        return integer(word)
    except ValueError:
        digits = word.strip().lstrip("+-")
        if digits.isascii() and digits.isdigit():
            raise
        return floating(word)


def boolean(word: str) -> bool:
    """Return the boolean of ``true`` or ``false``. Raises ValueError."""
    if word.strip() not in ("true", "false"):
        raise ValueError(f"{_quoted(word)} is neither true nor false")
    return word.strip() == "true"


def seconds(word: str) -> float:
    """Return a duration in seconds, not negative. Raises ValueError."""
    span = floating(word)
    if span < 0:
        raise ValueError(f"{_quoted(word)} is negative")
    return span


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"


def duration(word: str) -> float:
    """Return a duration in seconds: ``90``, ``0.5``, ``5m``, ``2h 30m``, ``1d``. Raises ValueError."""
    import re

    if not re.fullmatch(rf"\s*{_NUMBER}\s*|(?:\s*{_NUMBER}\s*[smhdw]\s*)+", word):
        raise ValueError(f"{_quoted(word)} is not a duration like 90, 5m, 2h 30m or 1d")
    parts = re.findall(rf"({_NUMBER})\s*([smhdw]?)", word)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def grace(word: str) -> float:
    """Return a duration in seconds, at most 30 days. Raises ValueError."""
    span = seconds(word)
    if span > MAX_GRACE_SECONDS:
        raise ValueError(f"{_quoted(word)} is more than 30 days")
    return span


def count(word: str) -> int:
    """Return a whole number, at least 1. Raises ValueError."""
    found = integer(word)
    if found < 1:
        raise ValueError(f"{_quoted(word)} is less than 1")
    return found


def revision(word: str) -> int:
    """Return the number of a revision, or a count: not negative. Raises ValueError."""
    found = integer(word)
    if found < 0:
        raise ValueError(f"{_quoted(word)} is negative")
    return found


def json_value(word: str) -> Value:
    """Return the value of a JSON text. Raises ValueError for what is not JSON, or no store can hold."""
    from sloth_tui.documents import json_text

    found = json_text.parse(word)
    if found is None:
        raise ValueError("null is not a value; delete the key instead")
    value: Value = found  # type: ignore[assignment]  # what JSON can say, a value can be
    return value


def table(word: str) -> Value:
    """Return a JSON object or array. Raises ValueError."""
    value = json_value(word)
    if not isinstance(value, (dict, list)):
        raise ValueError("neither a JSON object nor an array")
    return value


_READERS: dict[str, Callable[[str], Value]] = {
    "string": str,
    "integer": integer,
    "float": floating,
    "number": number,
    "boolean": boolean,
    "table": table,
    "json": json_value,
}

TYPES = (*_READERS, "bytes")
"""The choices of ``--type``: the types of values, and ``number`` and ``json`` for whichever fits."""


def parse_typed(data: bytes, kind: str | None) -> Value:
    """Return ``data`` read as the type ``kind``; without one, as a string, or bytes if it is not UTF-8.
    Raises InvalidValue."""
    if kind == "bytes":
        return data
    try:
        text = data.decode()
    except UnicodeDecodeError:
        if kind is None:
            return data
        raise InvalidValue(
            f"the value is not UTF-8, so it is not of type {kind}", hint="use --type bytes"
        ) from None
    try:
        return text if kind is None else _READERS[kind](text)
    except ValueError as error:
        raise InvalidValue(f"VALUE as {kind}: {error}") from error


def from_text(text: str, form: str) -> Value:
    """Return the value of the text of an editor; ``form`` is as in :func:`sloth_tui.values.render.to_text`.
    Raises InvalidValue that says what is wrong, and where."""
    if form == "string":
        return text
    if form == "bytes":
        try:
            return bytes.fromhex(text)
        except ValueError as error:
            raise InvalidValue(f"no hexadecimal digits: {error}") from None
    if form == "boolean":
        if text.strip() not in ("true", "false"):
            raise InvalidValue("neither true nor false")
        return text.strip() == "true"
    if form == "integer":
        return _typed_integer(text)
    if form == "float":
        return _typed_float(text)
    return _document(text, form)


def convert_value(value: Value, kind: str) -> Value:
    """Return a value as the type ``kind``, without loss. Raises InvalidValue that says why that cannot be."""
    from sloth_tui.values.render import text_of

    if kind == "string":
        return text_of(value)
    if kind == "bytes":
        return value if isinstance(value, bytes) else text_of(value).encode()
    if isinstance(value, dict | list):
        if kind == "table":
            return value
        raise InvalidValue("a table is not a single value")
    if isinstance(value, bool) and kind in ("integer", "float"):
        return int(value) if kind == "integer" else float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _number_as(value, kind)
    return from_text(text_of(value), kind)


def _number_as(value: int | float, kind: str) -> Value:
    if kind == "boolean":
        if value in (0, 1):
            return bool(value)
        raise InvalidValue("neither 0 nor 1")
    if kind == "table":
        raise InvalidValue("must be an object or a list")
    if kind == "integer":
        if int(value) != value:
            raise InvalidValue("not a whole number")
        return from_text(str(int(value)), "integer")
    if isinstance(value, float):
        return value
    if int(float(value)) != value:
        raise InvalidValue("has more digits than a float can hold")
    return float(value)


def _typed_integer(text: str) -> int:
    try:
        return _integer(text)
    except OverflowError:
        raise InvalidValue("does not fit 64 bits") from None
    except ValueError:
        raise InvalidValue("not a whole number") from None


def _typed_float(text: str) -> float:
    try:
        return _float(text)
    except OverflowError:
        raise InvalidValue("a number must be finite") from None
    except ValueError:
        raise InvalidValue("not a number") from None


def _document(text: str, form: str) -> Value:
    from sloth_tui.documents import json_text

    try:
        value = json_text.parse(text)
    except ValueError as error:
        raise InvalidValue(str(error)) from None
    if form == "escaped" and not isinstance(value, str):
        raise InvalidValue("must be one string in quotes")
    if form == "table" and not isinstance(value, dict | list):
        raise InvalidValue("must be an object or a list")
    return value  # type: ignore[return-value]  # null has been refused with the rest


def _integer(text: str) -> int:
    """Raises ValueError, or OverflowError for more than 64 bits."""
    text = text.strip()
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError
    # More digits than 64 bits can need are refused before int() spends time on them.
    if len(digits.lstrip("0")) >= 20 or not MIN_INTEGER <= (number := int(text)) <= MAX_INTEGER:
        raise OverflowError
    return number


def _float(text: str) -> float:
    """Raises ValueError, or OverflowError for what is not finite."""
    if not text.isascii() or "_" in text:
        raise ValueError
    number = float(text)
    if not is_finite(number):
        raise OverflowError
    return number


def _quoted(word: str) -> str:
    return f"'{word}'" if len(word) <= _SHOWN_CHARACTERS else f"'{word[:_SHOWN_CHARACTERS]}…'"
