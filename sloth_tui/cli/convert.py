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


def grace(word: str) -> float:
    """A span of time of at most 30 days."""
    span = seconds(word)
    if span > 30 * 86_400:
        raise ValueError(f"{_quoted(word)} is more than 30 days")
    return span


def revision(word: str) -> int:
    found = integer(word)
    if found < 0:
        raise ValueError(f"{_quoted(word)} is negative")
    return found


def json_value(word: str) -> Value:
    """What a JSON text says, if a store can hold it."""
    from sloth_tui.documents import json_text

    found = json_text.parse(word)
    if found is None:
        raise ValueError("null is no value; delete the key instead")
    value: Value = found  # type: ignore[assignment]  # what JSON can say, a value can be
    return value


def table(word: str) -> Value:
    """A JSON object or array."""
    value = json_value(word)
    if not isinstance(value, (dict, list)):
        raise ValueError("neither a JSON object nor an array")
    return value


def _quoted(word: str) -> str:
    return f"'{word}'" if len(word) <= _SHOWN else f"'{word[:_SHOWN]}…'"
