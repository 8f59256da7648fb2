"""Parse TOML 1.0 into the values of JSON: dates and times become text in ISO 8601 format.

The depth is checked before parsing: for every part of a dotted key the parser creates a table, and a path of
that part and all parts before it.
"""

from __future__ import annotations

import tomllib

from sloth_tui.documents.check import MAX_DEPTH, Checker
from sloth_tui.documents.places import place

_REPEATED_KEY = ("Cannot ", "Duplicate ")
"""Beginnings of the parser's messages about keys that occur twice."""


def parse(text: str, check: Checker | None = None) -> dict[str, object]:
    """Return the values of a TOML text. Raises ValueError with the line and column, or the field."""
    # A text with fewer of these signs cannot nest too deep and needs no check.
    if sum(map(text.count, ".[{")) >= MAX_DEPTH:
        from sloth_tui.documents.toml_keys import check_depth

        check_depth(text)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(_complaint(text, str(error))) from None
    except RecursionError:
        from sloth_tui.documents.check import TOO_DEEP

        raise ValueError(TOO_DEEP) from None
    except ValueError:
        # Python refuses to convert integers with too many digits.
        raise ValueError("an integer beyond 64 bits; write it as text, in quotes") from None
    plain = _plain(found)
    (check or Checker())(plain)
    assert isinstance(plain, dict)
    return plain


def _complaint(text: str, message: str) -> str:
    """Return ``line L, column C: …`` for the parser's message ``… (at line L, column C)``."""
    if message.startswith(_REPEATED_KEY):
        from sloth_tui.documents.toml_keys import find_repeated_key

        found = find_repeated_key(text)
        if found is not None:
            return found
    what, _, where = message.rpartition(" (at ")
    what = what[:1].lower() + what[1:]
    where = where.removesuffix(")")
    return f"{where if where.startswith('line') else place(text, len(text))}: {what}"


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, (str, int, float)):
        return value
    return value.isoformat()  # type: ignore[attr-defined]  # date, time and datetime have it
