"""Read ``--values FILE``, ``--set a.b=c``, ``--set-string`` and ``--set-json``, which a task file sees as
``values``.

The result holds JSON types only, because it travels to the worker as JSON. Dates of YAML and TOML, and keys,
become text as they are written.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sloth_tui.documents.check import MAX_DEPTH, TOO_DEEP, Checker
from sloth_tui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_BYTES = 16 * 1024 * 1024
"""Bytes of a values file, and characters of all its values with aliases expanded."""
_MAX_VALUES = 100_000


def read_values(
    file: str | None,
    assignments: Iterable[str] = (),
    texts: Iterable[str] = (),
    documents: Iterable[str] = (),
) -> dict[str, object]:
    """Return the file's values, changed by ``assignments`` (``--set``), then by ``texts`` (``--set-string``),
    then by ``documents`` (``--set-json``).

    Raises UsageError, with a message of one line.
    """
    values = load_values(file) if file is not None else {}
    for assignment in assignments:
        assign(values, assignment)
    for assignment in texts:
        assign(values, assignment, flag="--set-string")
    for assignment in documents:
        assign(values, assignment, flag="--set-json")
    return values


def load_values(path: str) -> dict[str, object]:
    """Read a YAML, JSON or TOML file; its extension decides which. Raises UsageError."""
    parsers = {".yaml": _parse_yaml, ".yml": _parse_yaml, ".json": _parse_json, ".toml": _parse_toml}
    parse = parsers.get(os.path.splitext(path)[1].lower())
    if parse is None:
        raise UsageError(f"values file '{path}' has no known ending", hint="use .yaml, .yml, .json or .toml")
    from sloth_tui.documents.reading import read_regular

    try:
        return _document(parse(read_regular(path, _MAX_BYTES).decode("utf-8-sig")))
    except UsageError as error:
        raise UsageError(f"values file {error.message}") from error
    except OSError as error:
        raise UsageError(f"values file '{path}': {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"values file '{path}': not UTF-8 at byte {error.start + 1}") from error
    except ValueError as error:
        raise UsageError(f"values file '{path}': {error}") from error


def _document(document: object) -> dict[str, object]:
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ValueError(f"must hold names and values, not {_kind(document)}")
    return document


def assign(values: dict[str, object], assignment: str, flag: str = "--set") -> None:
    """Apply ``a.b=c`` to ``values`` in place. c is read as a YAML scalar; ``--set-string`` keeps it as text,
    ``--set-json`` reads all of JSON.

    Raises UsageError.
    """
    _check_encoding(assignment, flag)
    path, equals, text = assignment.partition("=")
    segments = path.split(".")
    if not equals or not all(segments):
        raise UsageError(f"{flag} '{assignment}': must look like name=value or outer.inner=value")
    try:
        value = _value(text, flag)
        if len(segments) > MAX_DEPTH:
            raise ValueError(TOO_DEEP)
        check = Checker()
        for segment in segments:
            check(segment)
        check(value)
    except ValueError as error:
        hint = "--set-string keeps it as text" if flag == "--set" and _scalar(text) != text else None
        complaint = str(error).replace("; write it as text, in quotes", "")
        raise UsageError(f"{flag} '{assignment}': {complaint}", hint=hint) from error
    _put(values, segments, value, f"{flag} '{assignment}'")


def _check_encoding(assignment: str, flag: str) -> None:
    """Raises UsageError for bytes of a command line that are not UTF-8: Python keeps them as surrogates."""
    try:
        assignment.encode("utf-8", "surrogateescape").decode()
    except (UnicodeDecodeError, UnicodeEncodeError) as error:
        raise UsageError(f"{flag} '{assignment}': not UTF-8 at byte {error.start + 1}") from None


def _put(values: dict[str, object], segments: list[str], value: object, call: str) -> None:
    table = values
    for depth, segment in enumerate(segments[:-1], 1):
        inner = table.setdefault(segment, {})
        if not isinstance(inner, dict):
            raise UsageError(f"{call}: '{'.'.join(segments[:depth])}' is {_kind(inner)}, not a table")
        table = inner
    table[segments[-1]] = value


def parse_yaml(text: str) -> object:
    """Return the value of a YAML text by the rules of a values file. Raises ValueError with the place."""
    return _parse_yaml(text)


def _value(text: str, flag: str) -> object:
    """Raises ValueError."""
    if flag == "--set-string":
        return text
    return _parse_json(text) if flag == "--set-json" else _scalar(text)


def _scalar(text: str) -> object:
    from sloth_tui.documents.core_schema import resolve

    return resolve(text)


def _parse_yaml(text: str) -> object:
    from sloth_tui.documents import yaml_text

    return yaml_text.parse(text, _bounded(), _MAX_VALUES)


def _parse_json(text: str) -> object:
    from sloth_tui.documents import json_text

    return json_text.parse(text, _bounded())


def _parse_toml(text: str) -> object:
    from sloth_tui.documents import toml_text

    return toml_text.parse(text, _bounded())


def _bounded() -> Checker:
    return Checker(_MAX_VALUES, _MAX_BYTES)


def _kind(value: object) -> str:
    names = {str: "text", bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return names.get(type(value), "null" if value is None else "a table")
