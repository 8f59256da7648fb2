"""A value is printed and read in the same words by the command line, the screen and the runner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sloth_tui.documents import json_text, yaml_text
from sloth_tui.documents.check import Checker
from sloth_tui.errors import InvalidValue
from sloth_tui.runner.describe import RunDescriber, plain_text
from sloth_tui.runner.events import KeyChanged
from sloth_tui.runner.key_events import LONGEST_VALUE, shorten
from sloth_tui.tui.editing import form_of
from sloth_tui.values import parse as convert
from sloth_tui.values.codec import (
    MAX_DEPTH,
    MAX_INTEGER,
    MIN_INTEGER,
    decode,
    encode,
    first_segment,
    same,
    type_name,
)
from sloth_tui.values.parse import convert_value, from_text
from sloth_tui.values.render import as_object, as_printed, bare, compact, one_line, pretty, to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value


class Case(NamedTuple):
    """A value, and its words in each place."""

    value: Value
    type: str
    printed: str | bytes
    """``state get``."""
    json: str
    """In a JSON document on one line."""
    edited: str
    """In the editor."""
    told: str
    """As ``sloth-runner run`` tells that a key got it."""
    line: str
    """In a line of the history."""


CASES = {
    "text": Case("v1.2", "string", "v1.2", '"v1.2"', "v1.2", '"v1.2"', "v1.2"),
    "no characters": Case("", "string", "", '""', "", '""', ""),
    "digits": Case("12", "string", "12", '"12"', "12", '"12"', "12"),
    "lines": Case("a\nb", "string", "a\nb", '"a\\nb"', "a\nb", '"a\\nb"', "a␊b"),
    "accents": Case("é漢🦥", "string", "é漢🦥", '"é漢🦥"', "é漢🦥", '"é漢🦥"', "é漢🦥"),
    "escape": Case(
        "\x1b[31m", "string", "\x1b[31m", '"\\u001b[31m"', '"\\u001b[31m"', '"\\u001b[31m"', "␛[31m"
    ),
    "reordering": Case(
        "a\u202eb", "string", "a\u202eb", '"a\u202eb"', '"a\\u202eb"', '"a\\u202eb"', "a\\u202eb"
    ),
    "zero": Case(0, "integer", "0", "0", "0", "0", "0"),
    "least": Case(-(2**63), "integer", *["-9223372036854775808"] * 5),
    "greatest": Case(2**63 - 1, "integer", *["9223372036854775807"] * 5),
    "fraction": Case(0.1, "float", *["0.1"] * 5),
    "whole float": Case(1.0, "float", *["1.0"] * 5),
    "huge float": Case(1e300, "float", *["1e+300"] * 5),
    "minus zero": Case(-0.0, "float", *["-0.0"] * 5),
    "true": Case(True, "boolean", *["true"] * 5),
    "false": Case(False, "boolean", *["false"] * 5),
    "object": Case(
        {"a": [1, None]},
        "table",
        '{"a":[1,null]}',
        '{"a":[1,null]}',
        '{\n  "a": [\n    1,\n    null\n  ]\n}',
        '{"a":[1,null]}',
        '{"a": [1, null]}',
    ),
    "list": Case([], "table", "[]", "[]", "[]", "[]", "[]"),
    "object of nothing": Case({}, "table", "{}", "{}", "{}", "{}", "{}"),
    "bytes that are UTF-8": Case(b"abc", "bytes", b"abc", '"abc"', "61 62 63", '"abc"', "bytes, 3 B"),
    "bytes that are not": Case(
        b"\xff\x00", "bytes", b"\xff\x00", '{"base64":"/wA="}', "ff 00", '{"base64":"/wA="}', "bytes, 2 B"
    ),
}
_MANY = LONGEST_VALUE + 1
HUGE: list[Value] = ["x" * _MANY, {"a": "x" * _MANY}, ["x" * _MANY], b"\xff" * _MANY]

cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@cases
def test_a_value_is_printed_alike(case: Case) -> None:
    assert bare(case.value) == case.printed
    assert compact(case.value) == case.json
    shown = as_printed(case.value)
    assert shown == (case.printed if isinstance(case.printed, str) else _text(case.printed))
    assert as_object({"k": case.value}) == pretty({"k": case.value})


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.hex(" ")


@cases
def test_a_value_has_one_type_and_one_stored_form(case: Case) -> None:
    assert type_name(case.value) == case.type
    kind, stored = encode(case.value)
    assert kind == (None if case.type == "string" else case.type)
    if case.type != "table":  # the backend reads those
        assert same(decode(kind, stored), case.value)


@cases
def test_what_is_printed_and_edited_reads_as_the_value(case: Case) -> None:
    form = form_of(case.value, case.type)
    assert to_text(case.value, form) == case.edited
    assert same(from_text(case.edited, form), case.value)
    readers = {
        "integer": convert.integer,
        "float": convert.floating,
        "boolean": convert.boolean,
        "table": convert.table,
    }
    if case.type in readers:
        assert same(readers[case.type](case.json), case.value)
        assert same(convert_value(case.json, case.type), case.value)
    if case.printed != b"\xff\x00":
        assert convert_value(case.value, "string") == as_printed(case.value)


@cases
def test_a_run_and_the_history_tell_a_value_in_these_words(case: Case) -> None:
    event = KeyChanged("t", "k", None, case.value, 1, created=True)
    assert described(event) == f"  changed k: absent -> {case.told}"
    assert one_line(case.value) == case.line
    assert shorten(case.value) == (case.value, False)


def described(event: KeyChanged) -> str:
    (line,) = RunDescriber().lines(event)
    return plain_text(line)


@pytest.mark.parametrize("value", HUGE, ids=["text", "object", "list", "bytes"])
def test_a_huge_value_is_told_by_its_beginning(value: Value) -> None:
    begun, cut = shorten(value)
    assert cut
    line = described(KeyChanged("t", "k", None, begun, 1, shortened=True, created=True))
    assert line.startswith("  changed k: absent -> ")
    assert line.endswith("…")
    assert len(line) < 100
    assert len(one_line(value)) <= 80


def test_a_secret_and_what_is_absent_are_told_without_a_value() -> None:
    secret = KeyChanged("t", "k", None, None, 1, secret=True, created=True)
    assert described(secret) == "  changed k: absent -> (secret)"
    gone = KeyChanged("t", "k", "old", None, 1, deleted=True)
    assert described(gone) == '  changed k: "old" -> absent'
    assert one_line(None) == "(none)"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "9223372036854775808"),
        ("integer", "-9223372036854775809"),
        ("integer", "1.0"),
        ("integer", ""),
        ("integer", "1_000"),
        ("integer", "١"),
        ("float", "nan"),
        ("float", "inf"),
        ("float", "1_0.0"),
        ("float", "١.٠"),
        ("float", "x"),
        ("boolean", "yes"),
        ("boolean", "True"),
        ("table", "1"),
        ("table", '{"a": 1, "a": 2}'),
        ("table", "{"),
    ],
)
def test_what_is_refused_as_an_argument_is_refused_in_the_editor(kind: str, text: str) -> None:
    readers = {
        "integer": convert.integer,
        "float": convert.floating,
        "boolean": convert.boolean,
        "table": convert.table,
    }
    with pytest.raises(ValueError, match=r"."):
        readers[kind](text)
    with pytest.raises(InvalidValue):
        from_text(text, kind)


def test_half_a_character_inside_a_table_is_printed_as_an_escape() -> None:
    """SQLite may hold it: another program wrote it."""
    assert bare({"a": "\ud800"}) == as_printed({"a": "\ud800"}) == '{"a":"\\ud800"}'
    assert as_object({"a": "\ud800"}) == '{\n  "a": "\\ud800"\n}'


def _nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ([MIN_INTEGER], True),
        ([MIN_INTEGER - 1], False),
        ([MAX_INTEGER], True),
        ([MAX_INTEGER + 1], False),
        ([10**30], False),
        (_nested(MAX_DEPTH), True),
        (_nested(MAX_DEPTH + 1), False),
    ],
    ids=["least", "less", "greatest", "more", "much more", "deep", "too deep"],
)
def test_a_document_may_hold_what_a_store_can(value: list[object], *, fits: bool) -> None:
    text = json.dumps(value)
    assert _accepts(lambda: encode(value)) is fits
    assert _accepts(lambda: json_text.parse(text)) is fits
    assert _accepts(lambda: yaml_text.parse(text, Checker(), 1000)) is fits


def _accepts(read: Callable[[], object]) -> bool:
    try:
        read()
    except (InvalidValue, ValueError):
        return False
    return True


@pytest.mark.parametrize(
    ("key", "segment"),
    [
        ("deploy:version", "deploy:"),
        ("a/b:c", "a/"),
        ("a:b/c", "a:"),
        (":a", ":"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_a_key_begins_with_its_first_segment(key: str, segment: str) -> None:
    assert first_segment(key) == segment
