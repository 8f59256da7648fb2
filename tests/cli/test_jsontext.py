from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sloth_tui.values import render as jsontext
from tests.strategies import CHARACTERS

_TEXT = st.text(CHARACTERS)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=15,
)


@pytest.mark.slow
@given(_VALUES)
def test_it_writes_what_the_standard_encoder_writes(value: object) -> None:
    assert jsontext.pretty(value) == json.dumps(value, indent=2, ensure_ascii=False)
    assert jsontext.compact(value) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@given(st.text(st.characters(min_codepoint=0xD7F0, max_codepoint=0xE00F), min_size=1))
def test_lone_surrogates_survive_as_escapes(text: str) -> None:
    encoded = jsontext.compact(text)
    assert json.loads(encoded) == json.loads(json.dumps(text))
    assert encoded.encode().decode() == encoded


@given(st.binary())
def test_bytes_are_text_where_they_can_be_and_base64_elsewhere(data: bytes) -> None:
    decoded = json.loads(jsontext.pretty([data]))[0]
    assert decoded == json.loads(jsontext.compact(data))
    if isinstance(decoded, dict):
        assert base64.b64decode(decoded["base64"]) == data
        with pytest.raises(UnicodeDecodeError):
            data.decode()
    else:
        assert decoded.encode() == data


def test_the_margin_indents_every_line_but_the_first() -> None:
    assert jsontext.pretty({"a": [1]}, "\n  ") == '{\n    "a": [\n      1\n    ]\n  }'


def test_what_is_no_value_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        jsontext.compact({"a": {1, 2}})
