"""``--values FILE`` and ``--set a.b=c``: what a task file sees as ``values``.

The result holds JSON types only, because it crosses to the worker as JSON: dates of YAML and TOML become
text as they are written in ISO 8601, keys that are no text (YAML's ``8080:``) become text.
"""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from sloth_tui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_VALUES = 100_000


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
        with open(path, "rb") as file:
            text = file.read().decode("utf-8-sig")
        return _document(parse(text))
    except OSError as error:
        raise UsageError(f"values file '{path}': {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"values file '{path}': not UTF-8 at byte {error.start}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"values file '{path}': {_one_line(error)}") from error


def _document(document: object) -> dict[str, object]:
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ValueError(f"must hold names and values, not {_kind(document)}")
    plain = _Plain()
    return {_key(name): plain(value, _key(name)) for name, value in document.items()}


def assign(values: dict[str, object], assignment: str) -> None:
    """Carry out ``a.b=c`` in place, c read as a YAML scalar. Raises UsageError."""
    path, equals, text = assignment.partition("=")
    segments = path.split(".")
    if not equals or not all(segments):
        raise UsageError(f"--set '{assignment}': must look like name=value or outer.inner=value")
    try:
        value = _Plain()(_parse_yaml(text), path)
    except ValueError as error:
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

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


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

    def __call__(self, value: object, where: str) -> object:
        # YAML's aliases can make a short text stand for any number of values.
        self._count += 1
        if self._count > _MOST_VALUES:
            raise ValueError(f"more than {_MOST_VALUES:,} values")
        if isinstance(value, dict):
            return {_key(name): self(inner, f"{where}.{_key(name)}") for name, inner in value.items()}
        if isinstance(value, (list, tuple, set)):
            return [self(inner, f"{where}[{number}]") for number, inner in enumerate(value, 1)]
        return _scalar(value, where)


def _scalar(value: object, where: str) -> object:
    if value is None or isinstance(value, (str, bool)):
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


def _key(name: object) -> str:
    return name if isinstance(name, str) else str(name).lower() if isinstance(name, bool) else str(name)


def _kind(value: object) -> str:
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)


def _one_line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return " ".join(str(error).split())
