"""Parse JSON, strictly by RFC 8259, into values that a store can hold."""

from __future__ import annotations

import json
import re

from sloth_tui.documents.check import BEYOND_64_BITS, TOO_DEEP, Checker
from sloth_tui.documents.places import occurs_twice, place

_TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]')


def parse(text: str, check: Checker | None = None) -> object:
    """Return the value of a JSON text. Raises ValueError with the line and column, or the field."""
    if text.startswith("\ufeff"):
        raise ValueError("not JSON: line 1, column 1: a byte order mark (U+FEFF); leave it out")
    try:
        found: object = json.loads(text, object_pairs_hook=_once, parse_int=_integer, parse_constant=float)
    except _TwiceError as error:
        first, second = _find_repeated_key(text)
        raise ValueError(occurs_twice(error.name, place(text, first), place(text, second))) from None
    except json.JSONDecodeError as error:
        # The place follows; "... starting at" would have it come last.
        complaint = error.msg.rstrip(": ").removesuffix(" at").removesuffix(" starting")
        complaint = complaint[:1].lower() + complaint[1:]
        raise ValueError(f"not JSON: line {error.lineno}, column {error.colno}: {complaint}") from None
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    (check or Checker())(found)
    return found


class _TwiceError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _TwiceError(name)
            seen.add(name)
    return table


def _integer(digits: str) -> int:
    # Numbers beyond 64 bits are not converted: int() takes quadratic time, and has a message of its own.
    return int(digits) if len(digits) <= 20 else BEYOND_64_BITS


def _find_repeated_key(text: str) -> tuple[int, int]:
    """Return the two offsets of the repeated key in the first object that has one. There is such an object,
    and the text up to its end is valid JSON."""
    open_objects: list[dict[str, list[int]] | None] = []
    before = ""
    for token in _TOKENS.finditer(text):
        part = token.group()
        here = open_objects[-1] if open_objects else None
        if part in ("{", "["):
            open_objects.append({} if part == "{" else None)
        elif part in ("}", "]"):
            double = [places for places in (here or {}).values() if len(places) > 1]
            if double:
                first, second = min((places[:2] for places in double), key=lambda places: places[1])
                return first, second
            open_objects.pop()
        elif part[0] == '"' and here is not None and before in ("{", ","):
            here.setdefault(json.loads(part), []).append(token.start())
        before = part
    raise AssertionError("no key occurs twice")
