"""One JSON object or one YAML mapping: each key with its value. Nested tables are values, not paths."""

from __future__ import annotations

from sloth_tui.documents.check import Checker
from sloth_tui.exchange.faults import decoded, fault
from sloth_tui.exchange.found import Found

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.exchange.found import Notes
    from sloth_tui.exchange.source import Source

_MAX_VALUES = 5_000_000
_MAX_TEXT = 1024 * 1024 * 1024
"""Values and characters after the expansion of YAML's aliases."""


def read_json(source: Source, notes: Notes) -> Iterator[Found]:
    from sloth_tui.documents import json_text

    name, text = source.name, decoded(source.name, source.whole())
    try:
        found = json_text.parse(text)
    except ValueError as error:
        raise fault(name, str(error)) from error
    return _entries(name, found, "JSON object")


def read_yaml(source: Source, notes: Notes) -> Iterator[Found]:
    from sloth_tui.documents import yaml_text

    name, text = source.name, decoded(source.name, source.whole())
    try:
        found = yaml_text.parse(text, Checker(_MAX_VALUES, _MAX_TEXT), _MAX_VALUES)
    except ValueError as error:
        raise fault(name, str(error)) from error
    return _entries(name, {} if found is None else found, "YAML mapping")


def _entries(name: str, found: object, what: str) -> Iterator[Found]:
    if not isinstance(found, dict):
        raise fault(name, f"not a {what} of keys and values")
    for key, value in found.items():
        yield Found(key, value, None)
