"""Words of a command line as values. Each raises ValueError, saying what is wrong with the word."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Value

_INTEGERS = range(-(2**63), 2**63)
_SHOWN = 60
"""Characters of a wrong word that its error message repeats."""


def integer(word: str) -> int:
    """A decimal integer of 64 bits."""
    text = word.strip()
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{_quoted(word)} is no integer")
    # More digits than 64 bits can need are refused before int() spends time on them.
    number = int(text) if len(digits.lstrip("0")) < 20 else 2**63
    if number not in _INTEGERS:
        raise ValueError(f"{_quoted(word)} does not fit into 64 bits")
    return number


def floating(word: str) -> float:
    """A finite decimal fraction."""
    try:
        if not word.isascii() or "_" in word:
            raise ValueError
        number = float(word)
    except ValueError:
        raise ValueError(f"{_quoted(word)} is no number") from None
    if number - number != 0:
        raise ValueError(f"{_quoted(word)} is no finite number")
    return number


def number(word: str) -> int | float:
    """An integer if it is written as one, otherwise a fraction."""
    try:
        return integer(word)
    except ValueError:
        if word.strip().lstrip("+-").isdigit():
            raise
        return floating(word)


def boolean(word: str) -> bool:
    if word.strip() not in ("true", "false"):
        raise ValueError(f"{_quoted(word)} is neither true nor false")
    return word.strip() == "true"


def seconds(word: str) -> float:
    """A span of time, not negative."""
    span = floating(word)
    if span < 0:
        raise ValueError(f"{_quoted(word)} is negative")
    return span


def revision(word: str) -> int:
    found = integer(word)
    if found < 0:
        raise ValueError(f"{_quoted(word)} is negative")
    return found


def json_value(word: str) -> Value:
    """What a JSON text says, if a store can hold it."""
    import json

    def refuse(constant: str) -> float:
        raise ValueError(f"{constant} is no JSON")

    if word.startswith("\ufeff"):
        raise ValueError("it begins with a byte order mark, which is no JSON")
    try:
        found = json.loads(word, parse_constant=refuse, parse_int=_json_integer)
    except json.JSONDecodeError as error:
        wrong = error.msg[0].lower() + error.msg[1:].removesuffix(" at").removesuffix(" starting")
        raise ValueError(f"no JSON at line {error.lineno}, column {error.colno}: {wrong}") from None
    except RecursionError:
        raise ValueError("too deeply nested") from None
    if found is None:
        raise ValueError("null is no value; delete the key instead")
    value: Value = found
    return value


def _json_integer(word: str) -> int:
    # The interpreter refuses thousands of digits in words of its own.
    return integer(word)


def table(word: str) -> Value:
    """A JSON object or array."""
    value = json_value(word)
    if not isinstance(value, (dict, list)):
        raise ValueError("neither a JSON object nor an array")
    return value


def _quoted(word: str) -> str:
    return f"'{word}'" if len(word) <= _SHOWN else f"'{word[:_SHOWN]}…'"
