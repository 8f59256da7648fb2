"""Read back event lines that were written for other programs, and may have been edited since."""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING

from sloth_tui.runner import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.events import RunEvent


_LARGEST = 1e11
"""A time or a duration in seconds that is no mistake is smaller."""


def decode_public(line: bytes) -> RunEvent:
    """Read a line of :func:`sloth_tui.runner.protocol.public_line`. Raises ValueError for any other.

    Fields that are not known are left out: a newer program may have written them.
    """
    try:
        document = json.loads(line)
        kind = events.KINDS[document["event"]]
        fields = {name: _FIELDS[kind][name](document[name]) for name in kind._fields if name in document}
        return kind(**fields)  # type: ignore[arg-type]  # checked above
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"no event: {line[:80]!r}") from error


def _of(*kinds: type) -> Callable[[object], object]:
    def check(value: object) -> object:
        if type(value) not in kinds:  # True would be a number
            raise TypeError
        return value

    return check


def _finite(value: object) -> object:
    if type(value) not in (int, float) or not -_LARGEST < value < _LARGEST:  # type: ignore[operator]
        raise TypeError
    return value


def _texts(value: object) -> object:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise TypeError
    return value


def _hosts(value: object) -> object:
    if value is not None:
        if not isinstance(value, dict):
            raise TypeError
        for names in value.values():
            _texts(names)
    return value


def _value(value: object) -> object:
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get("base64"), str):
        try:
            return binascii.a2b_base64(value["base64"], strict_mode=True)
        except ValueError:  # a table that only looks like bytes
            return value
    return value


_NOTHING = type(None)
_CHECKS = {
    "str": _of(str),
    "str | None": _of(str, _NOTHING),
    "int": _of(int),
    "float": _finite,
    "bool": _of(bool),
    "list[str]": _texts,
    "dict[str, list[str]] | None": _hosts,
    "Value | None": _value,
}
"""How a field is read, by its type as it is written in :mod:`sloth_tui.runner.events`."""
_FIELDS = {
    kind: {name: _CHECKS[kind.__annotations__[name].__forward_arg__] for name in kind._fields}
    for kind in events.KINDS.values()
}
