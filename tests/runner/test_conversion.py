"""Values between Lua and the store, and Lua's JSON, in this process: what crosses comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sloth_tui.runner.modules.convert import value_from_lua, value_to_lua
from sloth_tui.runner.sandbox import Sandbox
from tests.runner.support import lua_function

SANDBOX = Sandbox({"read_module": lambda _: (False, b"none")}, 64 * 1024 * 1024)
SANDBOX.publish("json", SANDBOX.define("json", {}))
ROUND_TRIP = lua_function(
    SANDBOX,
    """
    local text, is_json = ...
    if not is_json then return text, false end
    return json.encode(json.decode(text)), true
    """,
)
ENCODE = lua_function(SANDBOX, "local ok, result = pcall(json.encode, (...)()) return ok, result")
DECODE = lua_function(
    SANDBOX, "local ok, value = pcall(json.decode, ...) return ok, ok and json.encode(value) or value"
)

numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.text() | numbers | st.booleans()
tables = st.recursive(
    scalars | st.none(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
).filter(lambda value: isinstance(value, (list, dict)))


@given(scalars | st.binary() | tables)
def test_what_crosses_comes_back_with_its_type(value: Any) -> None:
    back = value_from_lua(*ROUND_TRIP(*value_to_lua(value)))
    if isinstance(value, bytes):
        assert back == value or back == value.decode()
    else:
        assert repr(back) == repr(value) or json.dumps(back, sort_keys=True) == json.dumps(
            value, sort_keys=True
        )


@given(tables | scalars, st.booleans(), st.sampled_from([None, 2]))
@example([-0.0], True, None)
def test_json_decode_reads_what_json_is(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    if "\\ud" in text:
        return  # halves of surrogate pairs, which no UTF-8 has
    ok, encoded = DECODE(text.encode())
    assert ok, encoded
    assert json.dumps(json.loads(encoded), sort_keys=True) == json.dumps(value, sort_keys=True)


@given(st.binary() | st.text(alphabet='[]{},:"\\u0123456789eE+-. truefalsn').map(str.encode))
def test_json_decode_refuses_what_json_is_not(data: bytes) -> None:
    ok, encoded = DECODE(data)
    try:
        expected = json.loads(data.decode(), parse_constant=_refuse, parse_int=_lua_number)
    except (ValueError, RecursionError):
        assert not ok, (data, encoded)
    else:
        assert ok or b"surrogate" in encoded or b"too large" in encoded, (data, encoded)
        if ok and b"e" not in data.lower():
            assert json.loads(encoded) == expected


def _lua_number(digits: str) -> int | float:
    """What does not fit 64 bits is a float, as in Lua's own source."""
    number = int(digits)
    return number if -(2**63) <= number < 2**63 else float(number)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("{}", b"{}"),
        ("json.array()", b"[]"),
        ("json.array({1})", b"[1]"),
        ("{1, 2.0, 'x'}", b'[1,2.0,"x"]'),
        ("{b = 1, a = {json.null}}", b'{"a":[null],"b":1}'),
        ("{['\\n\\0\"\\\\'] = '\\127é'}", '{"\\n\\u0000\\"\\\\":"\x7fé"}'.encode()),
        ("math.mininteger", b"-9223372036854775808"),
        ("1e300", b"1.0000000000000001e+300"),
        ("0.1", b"0.10000000000000001"),
    ],
)
def test_encode(expression: str, text: bytes) -> None:
    ok, encoded = ENCODE(lua_function(SANDBOX, f"return {expression}"))
    assert (ok, encoded) == (True, text)


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("{1, nil, 3}", "a list with holes: field 2 is nil"),
        ("{1, a = 2}", "both named and numbered fields"),
        ("{[1.5] = 2}", "a key that is a number"),
        ("{[true] = 2}", "a key that is a boolean"),
        ("{a = {b = {pcall}}}", "a function (at a.b[1])"),
        ("{a = coroutine.create(pcall)}", "a thread (at a)"),
        ("{a = 0/0}", "no finite number (at a)"),
        ("{'\\255'}", "text that is not UTF-8 (at [1])"),
        (
            "(function() local t = {} t.self = {t} return t end)()",
            "a table that contains itself (at self[1])",
        ),
        ("(function() local t = {} for _ = 1, 300 do t = {t} end return t end)()", "nested more than 200"),
        ("nil", "nil has no JSON"),
    ],
)
def test_what_has_no_json_is_named_with_its_place(expression: str, complaint: str) -> None:
    ok, message = ENCODE(lua_function(SANDBOX, f"return {expression}"))
    assert not ok
    assert complaint in message.decode()
