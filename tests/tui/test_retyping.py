"""Values that change their type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.errors import InvalidValue
from sloth_tui.model import VALUE_TYPES
from sloth_tui.values.codec import encode, same, type_name
from sloth_tui.values.parse import convert_value
from tests.tui.test_values import values


@given(values, st.sampled_from(VALUE_TYPES))
def test_a_converted_value_has_its_type_and_can_be_stored_or_is_refused_in_words(
    value: object, kind: str
) -> None:
    try:
        found = convert_value(value, kind)  # type: ignore[arg-type]
    except InvalidValue:
        assert kind != type_name(value)  # type: ignore[arg-type]
        return
    assert type_name(found) == kind
    encode(found)
    if kind == type_name(value):  # type: ignore[arg-type]
        assert same(found, value)


@pytest.mark.parametrize(
    ("value", "kind", "becomes"),
    [
        ("12", "integer", 12),
        (" 12\n", "integer", 12),
        ("1.5", "float", 1.5),
        ("true", "boolean", True),
        ('{"a": 1}', "table", {"a": 1}),
        ("é", "bytes", b"\xc3\xa9"),
        (12, "string", "12"),
        (3.0, "integer", 3),
        (3, "float", 3.0),
        (1, "boolean", True),
        (False, "integer", 0),
        ({"a": [1]}, "string", '{"a":[1]}'),
        (b"12", "integer", 12),
    ],
)
def test_what_becomes_of_values(value: object, kind: str, becomes: object) -> None:
    assert same(convert_value(value, kind), becomes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "kind", "why"),
    [
        ("twelve", "integer", "not a whole number"),
        (1.5, "integer", "not a whole number"),
        (2**53 + 1, "float", "more digits"),
        (1e300, "integer", "64 bits"),
        (2, "boolean", "neither 0 nor 1"),
        ("[", "table", "line 1"),
        (1, "table", "object or a list"),
        ({"a": 1}, "integer", "not a single value"),
        (b"\xff", "string", "not UTF-8"),
    ],
)
def test_what_cannot_be_converted_without_loss(value: object, kind: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        convert_value(value, kind)  # type: ignore[arg-type]
