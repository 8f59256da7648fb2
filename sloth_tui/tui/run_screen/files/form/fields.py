"""The fields of the values form: what they hold, how they are typed, and what sets them on a command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import UsageError
from sloth_tui.masking import holds_secret
from sloth_tui.text import display_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Path = tuple[str, ...]

MOST_FIELDS = 2000
_SHOWN_CHARACTERS = 400
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./@+ -")
_KINDS = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", dict: "table"}
HOW = {
    "boolean": "true or false",
    "number": "a number",
    "text": "text, to the letter",
    "list": "YAML, a list",
    "table": "YAML, names and values",
    "null": "a number, true, false, null, else text",
}
"""Kind of a field -> what may be typed."""


class Field(NamedTuple):
    """One value of the form."""

    path: Path
    value: object

    @property
    def name(self) -> str:
        """Its name as ``--set`` takes it."""
        return ".".join(self.path)

    @property
    def kind(self) -> str:
        return kind_of(self.value)

    @property
    def settable(self) -> bool:
        """False if ``--set`` cannot name it."""
        return all(map(_nameable, self.path))


class Assignment(NamedTuple):
    """An option of the command line that sets a value."""

    flag: str
    """``--set``, ``--set-string`` or ``--set-json``."""
    text: str
    """``a.b=c``."""

    @property
    def name(self) -> str:
        return self.text.partition("=")[0]

    @property
    def value(self) -> str:
        return self.text.partition("=")[2]


def kind_of(value: object) -> str:
    return _KINDS.get(type(value), "null")


def fields_of(values: dict[str, object]) -> list[Field]:
    """Return the values one by one: tables by what is in them, lists as they are. At most MOST_FIELDS."""
    found: list[Field] = []
    for field in _flat((), values):
        found.append(field)
        if len(found) == MOST_FIELDS:
            break
    return found


def _flat(path: Path, table: dict[str, object]) -> Iterator[Field]:
    for name, value in table.items():
        inner = (*path, name)
        if isinstance(value, dict) and value and all(map(_nameable, (name, *value))):
            yield from _flat(inner, value)
        else:
            yield Field(inner, value)


def _nameable(name: str) -> bool:
    return bool(name) and "." not in name and "=" not in name


def value_at(values: dict[str, object], path: Path) -> object:
    """Return the value under a path; None if there is none."""
    found: object = values
    for name in path:
        if not isinstance(found, dict) or name not in found:
            return None
        found = found[name]
    return found


def is_secret(name: str, value: object, words: Iterable[str]) -> bool:
    """True if a name, or one inside of the value, says that it holds a secret."""
    if holds_secret(name, words):
        return True
    if isinstance(value, dict):
        return any(is_secret(inner, each, words) for inner, each in value.items())
    return isinstance(value, list) and any(is_secret("", each, words) for each in value)


def preview(value: object) -> str:
    """Return a value on one harmless line."""
    if isinstance(value, str):
        return display_text(value, _SHOWN_CHARACTERS)
    parts, length = [], 0
    for part in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        parts.append(part)
        length += len(part)
        if length > _SHOWN_CHARACTERS:
            break
    return display_text("".join(parts), _SHOWN_CHARACTERS)


def as_typed(value: object) -> str:
    """Return a value as the text that is edited: lists and tables as YAML."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return "\n".join(_yaml(value))
    return json.dumps(value)


def _yaml(value: object) -> list[str]:
    """Return a value as lines of YAML."""
    if isinstance(value, list) and value:
        return [line for each in value for line in _hung("-", each)]
    if isinstance(value, dict) and value:
        return [line for name, each in value.items() for line in _hung(f"{_scalar(name)}:", each)]
    return [_scalar(value)]


def _hung(head: str, value: object) -> list[str]:
    lines = _yaml(value)
    if not isinstance(value, list | dict) or not value:
        return [f"{head} {lines[0]}"]
    if head == "-":
        return [f"- {lines[0]}", *(f"  {line}" for line in lines[1:])]
    return [head, *(f"  {line}" for line in lines)]


def _scalar(value: object) -> str:
    """Return a scalar of YAML: plain where that is the same text, else as JSON."""
    if isinstance(value, str) and value and _PLAIN.issuperset(value) and value == value.strip(" -."):
        from sloth_tui.tui.services.task_files import parse_yaml

        if parse_yaml(value) == value:
            return value
    return json.dumps(value, ensure_ascii=False)


def parse_typed(kind: str, text: str) -> object:
    """Return the value of a text that was typed for a field of this kind. Raises UsageError."""
    from sloth_tui.tui.services.task_files import parse_scalar, parse_yaml

    if kind == "text":
        return text
    try:
        value = parse_yaml(text) if kind in ("list", "table") else parse_scalar(text.strip())
    except ValueError as error:
        raise UsageError(str(error)) from None
    if kind != "null" and kind_of(value) != kind:
        given = {"text": "this is text", "null": "this is null"}.get(
            kind_of(value), f"this is a {kind_of(value)}"
        )
        raise UsageError(f"must be {HOW[kind]}; {given}")
    return value


def assignment(path: Path, value: object) -> Assignment:
    """Return the option that sets a value."""
    from sloth_tui.tui.services.task_files import parse_scalar

    name = ".".join(path)
    if isinstance(value, list | dict):
        return Assignment("--set-json", f"{name}={json.dumps(value, ensure_ascii=False)}")
    if not isinstance(value, str):
        return Assignment("--set", f"{name}={json.dumps(value)}")
    try:
        plain = parse_scalar(value) == value
    except ValueError:
        plain = False
    return Assignment("--set" if plain else "--set-string", f"{name}={value}")


def read_line(flag: str, text: str, check: Callable[[str, str], None]) -> Assignment:
    """Return a line that a person typed as an option; it may begin with the option itself. Raises UsageError
    of ``check(text, flag)`` if it is none."""
    for option in ("--set-string", "--set-json", "--set"):
        for divider in (" ", "="):
            if text.startswith(option + divider):
                flag, text = option, text[len(option) + 1 :].lstrip(" ")
    check(text, flag)
    return Assignment(flag, text)
