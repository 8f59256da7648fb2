"""TOML 1.0, as JSON has it: dates and times become text as ISO 8601 writes them.

How deep a text nests is counted before it is parsed: of every part of a dotted key the parser makes a table,
and a path of it and all parts before.
"""

from __future__ import annotations

import tomllib

from sloth_tui.documents.check import DEEPEST, Checker
from sloth_tui.documents.places import place

_DOUBLES = ("Cannot ", "Duplicate ")
"""How the parser's complaints about keys begin that are there already."""


def parse(text: str, check: Checker | None = None) -> dict[str, object]:
    """The values of a TOML text. Raises ValueError: what is wrong, and at which line and column or field."""
    # A text without so many of these signs cannot nest too deep, and is spared the look.
    if sum(map(text.count, ".[{")) >= DEEPEST:
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
        # Python refuses to convert so many digits.
        raise ValueError("an integer beyond 64 bits; write it as text, in quotes") from None
    plain = _plain(found)
    (check or Checker())(plain)
    assert isinstance(plain, dict)
    return plain


def _complaint(text: str, message: str) -> str:
    """``line L, column C: …`` out of the parser's ``… (at line L, column C)``."""
    if message.startswith(_DOUBLES):
        from sloth_tui.documents.toml_keys import double

        found = double(text)
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
