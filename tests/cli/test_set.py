"""``state set``: types, stdin, conditions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import piped

if TYPE_CHECKING:
    from sloth_tui.model import Value


def stored(key: str, agent: str = "local") -> Value | None:
    with open_store(agent) as store:
        return store.get(key)


@pytest.mark.parametrize(
    ("kind", "word", "value"),
    [
        ("string", "42", "42"),
        ("integer", "-42", -42),
        ("integer", " 42\n", 42),
        ("integer", str(2**63 - 1), 2**63 - 1),
        ("float", "1", 1.0),
        ("float", "1e3", 1000.0),
        ("number", "7", 7),
        ("number", "7.0", 7.0),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("table", '{"a": [1, null, "x"]}', {"a": [1, None, "x"]}),
        ("table", "[]", []),
        ("json", "1.5", 1.5),
        ("json", '"text"', "text"),
        ("json", "true", True),
        ("bytes", "é", "é".encode()),
    ],
)
def test_set_keeps_the_type(kind: str, word: str, value: Value) -> None:
    assert piped("state", "set", "k", f"--type={kind}", "--", word).code == 0
    found = stored("k")
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        ("integer", "1.0"),
        ("integer", ""),
        ("integer", "1_000"),
        ("integer", "٣"),
        ("integer", str(2**63)),
        pytest.param("integer", "9" * 10_000, id="integer-long"),
        ("number", str(2**63)),
        ("float", "inf"),
        ("float", "1_0"),
        ("float", "abc"),
        ("boolean", "yes"),
        ("boolean", "True"),
        ("table", "5"),
        ("table", "{"),
        ("json", "null"),
        ("json", "NaN"),
        ("json", "[1e999]"),
        pytest.param("json", "[" * 100_000, id="json-deep"),
        ("json", '"\\ud800"'),
        ("json", str(2**63)),
    ],
)
def test_what_is_not_of_the_type_is_refused(kind: str, word: str) -> None:
    result = piped("state", "set", "k", f"--type={kind}", "--", word)
    assert result.code == 2
    assert result.err.startswith("error: ")
    assert len(result.err) < 500
    assert stored("k") is None


@pytest.mark.parametrize("data", [b"", b"line\n", b"\x00\xff\n", b"a\r\nb", "🦥".encode()])
def test_stdin_is_taken_to_the_byte(data: bytes) -> None:
    assert piped("state", "set", "k", "-", stdin=data).code == 0
    assert piped("state", "get", "--raw", "k").stdout == data
    try:
        assert stored("k") == data.decode()
    except UnicodeDecodeError:
        assert stored("k") == data


def test_stdin_can_be_of_a_type() -> None:
    assert piped("state", "set", "k", "-", "--type", "table", stdin=b'{"a": 1}\n').code == 0
    assert stored("k") == {"a": 1}
    assert piped("state", "set", "k", "-", "--type", "bytes", stdin=b"text").code == 0
    assert stored("k") == b"text"


def test_conditions_hold_or_change_nothing() -> None:
    assert piped("state", "set", "k", "1", "--if-revision", "0").code == 0
    assert piped("state", "set", "k", "2", "--if-absent").code == 5
    assert piped("state", "set", "k", "2", "--if-revision", "0").code == 5
    assert piped("state", "set", "k", "2", "--if-value", "0").code == 5
    assert stored("k") == "1"
    assert piped("state", "set", "k", "2", "--if-value", "1").code == 0
    assert piped("state", "set", "k", "3", "--if-revision", "2").code == 0
    assert stored("k") == "3"


def test_conditions_exclude_each_other() -> None:
    result = piped("state", "set", "k", "v", "--if-absent", "--if-value", "x")
    assert (result.code, result.err) == (
        2,
        "error: --if-absent and --if-value exclude each other\nhint: give one condition\n",
    )


def test_history_says_what_was_asked_for() -> None:
    piped("state", "set", "a:b", "secret value")
    piped("state", "clear", "--prefix", "a:", "--yes")
    with open_store("local") as store:
        cleared, written = store.revisions("a:b")
    assert written.origin is not None
    assert cleared.origin is not None
    assert (written.origin.title, written.origin.program) == ("set a:b", "sloth-runner")
    assert (cleared.origin.title, cleared.origin.pid) == ("clear --prefix a:", os.getpid())
