"""``--values FILE`` and ``--set a.b=c``: what a task file sees as ``values``.

The result holds JSON types only, because it crosses to the worker as JSON: dates of YAML and TOML become
text as they are written in ISO 8601, keys that are no text (YAML's ``8080:``) become text.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from sloth_tui.errors import UsageError
from sloth_tui.text import format_size

if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGEST = 16 * 1024 * 1024
"""Bytes of a values file, and characters of all its values, aliases written out."""
_MOST_VALUES = 100_000
_DEEPEST = 90
"""Levels of a value, and of the name in an assignment; Lua reads at most 200."""


def read_values(file: str | None, assignments: Iterable[str] = ()) -> dict[str, object]:
    """The file's values with the assignments on top, in order. Raises UsageError, in one line."""
    values = load_values(file) if file is not None else {}
    for assignment in assignments:
        assign(values, assignment)
    return values


def load_values(path: str) -> dict[str, object]:
    """Read a YAML, JSON or TOML file, told by its ending. Raises UsageError."""
    parsers = {".yaml": _parse_yaml, ".yml": _parse_yaml, ".json": _parse_json, ".toml": _parse_toml}
    parse = parsers.get(os.path.splitext(path)[1].lower())
    if parse is None:
        raise UsageError(f"values file '{path}' has no known ending", hint="use .yaml, .yml, .json or .toml")
    try:
        return _document(parse(_read(path)))
    except OSError as error:
        raise UsageError(f"values file '{path}': {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"values file '{path}': not UTF-8 at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"values file '{path}': {_one_line(error)}") from error


def _read(path: str) -> str:
    from sloth_tui.runner.placement import open_regular

    with open_regular(path) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ValueError(f"larger than {format_size(_LARGEST)}")
    return data.decode("utf-8-sig")


def _document(document: object) -> dict[str, object]:
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ValueError(f"must hold names and values, not {_kind(document)}")
    plain = _Plain()
    return plain.fields(document, "", 0)


def assign(values: dict[str, object], assignment: str) -> None:
    """Carry out ``a.b=c`` in place, c read as a YAML scalar. Raises UsageError."""
    path, equals, text = assignment.partition("=")
    segments = path.split(".")
    if not equals or not all(segments):
        raise UsageError(f"--set '{assignment}': must look like name=value or outer.inner=value")
    try:
        if len(segments) > _DEEPEST:
            raise ValueError("nested too deeply")
        plain = _Plain()
        segments = [plain.key(segment) for segment in segments]
        value = plain(_parse_yaml(text), path)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--set '{assignment}': {_one_line(error)}") from error
    table = values
    for depth, segment in enumerate(segments[:-1], 1):
        inner = table.setdefault(segment, {})
        if not isinstance(inner, dict):
            raise UsageError(
                f"--set '{assignment}': '{'.'.join(segments[:depth])}' is {_kind(inner)}, not a table"
            )
        table = inner
    table[segments[-1]] = value


def _parse_yaml(text: str) -> object:
    import yaml

    class Loader(yaml.SafeLoader):
        merged = 0

        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            before = len(node.value)
            super().flatten_mapping(node)
            # Merge keys multiply as aliases do, but while the text is still being read.
            self.merged += max(len(node.value) - before, 0)
            if self.merged > _MOST_VALUES:
                raise ValueError(f"more than {_MOST_VALUES:,} values")

    # A lone "=" is a type of its own in YAML 1.1, for which there is no value.
    Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
    except (AttributeError, LookupError, TypeError) as error:
        # What the constructors of !!int, !!bool and !!timestamp raise for text that is none.
        raise ValueError("a value does not fit its tag") from error


def _parse_json(text: str) -> object:
    import json

    return json.loads(text)


def _parse_toml(text: str) -> object:
    import tomllib

    return tomllib.loads(text)


class _Plain:
    """Turns one document into JSON types. Raises ValueError, naming the place."""

    def __init__(self) -> None:
        self._count = 0
        self._size = 0

    def __call__(self, value: object, where: str, depth: int = 0) -> object:
        # YAML's aliases can make a short text stand for any number of values.
        self._count += 1
        if self._count > _MOST_VALUES:
            raise ValueError(f"more than {_MOST_VALUES:,} values")
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        if isinstance(value, dict):
            return self.fields(value, where + ".", depth)
        if isinstance(value, (list, tuple, set)):
            return [self(inner, f"{where}[{number}]", depth + 1) for number, inner in enumerate(value, 1)]
        return self._text(value, where) if isinstance(value, str) else _scalar(value, where)

    def fields(self, table: dict[object, object], where: str, depth: int) -> dict[str, object]:
        return {
            name: self(inner, where + name, depth + 1)
            for name, inner in ((self.key(key), inner) for key, inner in table.items())
        }

    def key(self, name: object) -> str:
        return self._text(str(name).lower() if isinstance(name, bool) else str(name), "a name")

    def _text(self, text: str, where: str) -> str:
        self._size += len(text)
        if self._size > _LARGEST:
            raise ValueError(f"more than {format_size(_LARGEST)} of text")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{where}: half of a surrogate pair is no text") from None
        return text


def _scalar(value: object, where: str) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise ValueError(f"{where}: {value} does not fit in 64 bits")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where}: {value} is no finite number")
        return value
    if type(value).__module__ == "datetime":
        return str(value) if not hasattr(value, "isoformat") else value.isoformat()
    raise ValueError(f"{where}: {_kind(value)} cannot be a value")


def _kind(value: object) -> str:
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)


def _one_line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return " ".join(str(error).split())
