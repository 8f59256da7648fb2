"""Values between Lua and the store, and Lua's JSON, in this process: what crosses comes back."""

from __future__ import annotations

import json
import math
import struct
from random import Random
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sloth_tui.documents import json_text
from sloth_tui.runner.lua.convert import json_functions, value_from_lua, value_to_lua
from sloth_tui.runner.lua.sandbox import Sandbox
from tests.runner.support import lua_function
from tests.strategies import CHARACTERS
from tests.support import rounds

SANDBOX = Sandbox({"read_module": lambda _: (False, b"none")}, 64 * 1024 * 1024)
SANDBOX.publish("json", SANDBOX.define("json", json_functions()))
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
scalars = st.text(CHARACTERS) | numbers | st.booleans()
tables = st.recursive(
    scalars | st.none(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(CHARACTERS), inner, max_size=5),
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


@pytest.mark.slow
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
        expected = json_text.parse(data.decode())
    except ValueError:
        assert not ok, (data, encoded)
    else:
        assert ok, (data, encoded)
        assert json.loads(encoded) == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(0.1)
@example(5e-324)
@example(2.2250738585072014e-308)
@example(1e15)
@example(1e16)
@example(123456789012345678.0)
@example(1234567890123456.5)
@example(1.7976931348623157e308)
@example(-0.0)
@example(1e22)
@example(0.0001)
@example(0.00001)
def test_encode_writes_floats_as_the_command_line_does(number: float) -> None:
    ok, encoded = ENCODE(lua_function(SANDBOX, f"return {number.hex()}"))
    assert (ok, encoded.decode()) == (True, repr(number))


@pytest.mark.slow
def test_encode_writes_each_of_many_floats_as_the_command_line_does() -> None:
    """Any bits; any digits; ties between two texts of 16 digits; the neighbours of powers of two and ten."""
    chance = Random(1)
    numbers = [struct.unpack("<d", chance.randbytes(8))[0] for _ in range(rounds(20_000, 2_000_000))]
    for _ in range(rounds(2_000, 200_000)):
        numbers.append(float(f"{chance.randrange(10**17)}e{chance.randrange(-40, 40)}"))
        numbers.append((chance.randrange(2**16, 2**17) | 1) / 2**17)
        numbers.append(chance.uniform(1e15, 1e18))
        numbers.append(chance.random())
    for power in [*(2.0**exponent for exponent in range(-1022, 1024)), *(10.0**e for e in range(-300, 300))]:
        numbers += [math.nextafter(power, 0.0), power, math.nextafter(power, math.inf)]
    finite = [number for number in numbers if math.isfinite(number)]
    for start in range(0, len(finite), 1000):
        some = finite[start : start + 1000]
        text = "[" + ",".join(map(repr, some)) + "]"
        literals = ",".join(number.hex() for number in some)
        ok, encoded = ENCODE(lua_function(SANDBOX, f"return {{{literals}}}"))
        assert (ok, encoded.decode()) == (True, text)


def test_encode_writes_powers_of_two_as_the_command_line_does() -> None:
    """Two shortest forms read back for some of them."""
    for exponent in range(-1074, 1024):
        _, encoded = ENCODE(lua_function(SANDBOX, f"return 0x1p{exponent}"))
        assert encoded.decode() == repr(2.0**exponent)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            b'{"id": 18446744073709551557}',
            "line 1, column 8: an integer beyond 64 bits; write it as text, in quotes",
        ),
        (
            b"[-9223372036854775809]",
            "line 1, column 2: an integer beyond 64 bits; write it as text, in quotes",
        ),
        (b'["\xff"]', "line 1, column 3: a byte that is not UTF-8"),
        (b'["\xed\xa0\x80"]', "line 1, column 3: a byte that is not UTF-8"),
        (b'["\\ud800"]', "line 1, column 4: half of a character (a lone surrogate); it needs its other half"),
        (b"[1e999]", "line 1, column 2: a number that is not finite; write it as text, in quotes"),
        (b"\xef\xbb\xbf1", "line 1, column 1: a byte order mark (U+FEFF), which is not JSON; leave it out"),
        (b'{"a": 1,\n "a": 2}', "line 2, column 2: key 'a' occurs twice, first at line 1, column 2"),
        (
            '{"é": {"x": [1, {}], "y": "\\"", "x": null}}'.encode(),
            "line 1, column 33: key 'x' occurs twice, first at line 1, column 8",
        ),
        (
            b'{"a": null, "\\u0061": null}',
            "line 1, column 13: key 'a' occurs twice, first at line 1, column 2",
        ),
        (b"{", "line 1, column 2: an object whose name is not text"),
    ],
)
def test_json_decode_refuses_what_every_other_door_refuses(text: bytes, complaint: str) -> None:
    ok, message = DECODE(text)
    assert (ok, message.decode()) == (False, f"test.lua:1: json.decode: {complaint}")


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
        ("1e300", b"1e+300"),
        ("0.1", b"0.1"),
    ],
)
def test_encode(expression: str, text: bytes) -> None:
    ok, encoded = ENCODE(lua_function(SANDBOX, f"return {expression}"))
    assert (ok, encoded) == (True, text)


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("{1, nil, 3}", "value is a list with a hole: field 2 is nil"),
        ("{1, a = 2}", "value has both named and numbered fields; JSON has lists or objects"),
        ("{[1.5] = 2}", "value has a key that is a float; keys of JSON are text"),
        ("{[true] = 2}", "value has a key that is a boolean"),
        ("{a = {b = {pcall}}}", "value.a.b[1] is a function, which JSON cannot hold"),
        ("{a = coroutine.create(pcall)}", "value.a is a thread"),
        ("{a = 0/0}", "value.a is a number that is not finite, which JSON cannot hold"),
        ("{'\\255'}", "value[1] is text that is not UTF-8"),
        (
            "(function() local t = {} t.self = {t} return t end)()",
            "value.self[1] contains itself",
        ),
        ("(function() local t = {} for _ = 1, 300 do t = {t} end return t end)()", "nested more than 200"),
        ("{[0] = 1}", "value has numbered fields that do not begin with 1, so it is not a list"),
        ("nil", "value is nil, which JSON cannot hold"),
    ],
)
def test_what_has_no_json_is_named_with_its_place(expression: str, complaint: str) -> None:
    ok, message = ENCODE(lua_function(SANDBOX, f"return {expression}"))
    assert not ok
    assert complaint in message.decode()
