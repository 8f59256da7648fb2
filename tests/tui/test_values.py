"""Values as lines, and as text that is edited and read back."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from sloth_tui.errors import InvalidValue
from sloth_tui.masking import holds_secret
from sloth_tui.text import display_text
from sloth_tui.tui.editing import form_of
from sloth_tui.tui.widgets.detail.value_text import highlight, value_lines
from sloth_tui.tui.widgets.line_view import folds
from sloth_tui.values.codec import same, type_name
from sloth_tui.values.parse import from_text
from sloth_tui.values.render import to_text
from tests.tui.state import HOSTILE

texts = st.text(st.characters(codec="utf-8")) | st.sampled_from(HOSTILE)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | texts
tables = st.recursive(
    st.lists(leaves, max_size=4) | st.dictionaries(texts, leaves, max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
values = leaves.filter(lambda value: value is not None) | tables | st.binary()


@given(values)
def test_what_is_edited_comes_back_as_it_was(value: object) -> None:
    kind = type_name(value)  # type: ignore[arg-type]
    form = form_of(value, kind)  # type: ignore[arg-type]
    text = to_text(value, form)  # type: ignore[arg-type]
    assert display_text(text, lines=True) == text
    assert same(from_text(text, form), value)


@given(values, st.integers(10, 200))
def test_lines_of_a_value_are_harmless_and_bounded(value: object, limit: int) -> None:
    lines, note = value_lines(value, 1000, limit)  # type: ignore[arg-type]
    assert all(display_text(line) == line for line in lines)
    assert sum(map(len, lines)) <= 8 * limit
    for line in lines:
        assert highlight(line, type_name(value)).plain == line  # type: ignore[arg-type]
    assert bool(note) == (len(str(value)) > limit) or not isinstance(value, str)


@given(st.text(max_size=300).map(display_text), st.integers(1, 40))
def test_folds_keep_every_character_and_fit(line: str, width: int) -> None:
    pieces = folds(line, width)
    assert "".join(line[start:end] for start, end in pieces) == line
    assert all(cell_len(line[start:end]) <= max(width, 2) for start, end in pieces)


@pytest.mark.parametrize(
    ("text", "form", "complaint"),
    [
        ("twelve", "integer", "not a whole number"),
        (str(2**63), "integer", "64 bits"),
        ("nan", "float", "finite"),
        ("x", "float", "not a number"),
        ("yes", "boolean", "neither true nor false"),
        ("{", "table", "line 1, column 2"),
        ("1", "table", "an object or a list"),
        ("[NaN]", "table", "a number that is not finite"),
        ("[" * 100_000, "table", "nested more than 200 deep"),
        ("[1]", "escaped", "one string"),
        ("xyz", "bytes", "hexadecimal"),
    ],
)
def test_what_is_not_a_value_is_refused_in_words(text: str, form: str, complaint: str) -> None:
    with pytest.raises(InvalidValue, match=complaint):
        from_text(text, form)


def test_values_of_every_type_read_well() -> None:
    assert value_lines({"a": [1, None]}, 10) == (["{", '  "a": [', "    1,", "    null", "  ]", "}"], "")
    assert value_lines(b"\x00abc\xff" + b"x" * 20, 25)[0] == [
        "00000000  00 61 62 63 ff 78 78 78  78 78 78 78 78 78 78 78  ·abc·xxxxxxxxxxx",
        "00000010  78 78 78 78 78 78 78 78  78                       xxxxxxxxx",
    ]
    assert value_lines("two\nlines", 9) == (["two", "lines"], "")
    assert value_lines(True, 4) == (["true"], "")
    assert value_lines(b"", 0) == (["(no bytes)"], "")
    assert math.isclose(float(value_lines(0.1, 3)[0][0]), 0.1)
    assert value_lines("x" * 50, 50, 20) == (["x" * 20], "first 20 B of 50 B")


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("app:api_token", True),
        ("app:API-KEY", True),
        ("db/password/old", True),
        ("deployment:version", False),
        ("api:key", False),
    ],
)
def test_secrets_are_told_by_segments(key: str, secret: bool) -> None:
    assert holds_secret(key, ("password", "token", "api_key")) is secret
