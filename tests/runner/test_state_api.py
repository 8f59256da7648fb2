"""Lua's state, call by call, through a worker."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest

from sloth_tui.runner.lua.convert import json_functions
from sloth_tui.runner.lua.environment import publish_state
from sloth_tui.runner.lua.modules.locks import RunLocks
from sloth_tui.runner.lua.modules.state import StateModule
from sloth_tui.runner.lua.modules.tracking import Tracking
from sloth_tui.runner.lua.sandbox import Sandbox
from sloth_tui.runner.worker.key_changes import KeyChangeReporter
from sloth_tui.store import open_store
from tests.runner.support import FAILS, lines_of, lua_function, run_task, run_text, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sloth_tui.store.port import Store


class StateCalls:
    """Lua's state in this process, for calls that fail before they write."""

    def __init__(self, store: Store) -> None:
        sandbox = Sandbox({"read_module": lambda _: (False, b"none")}, 512 * 1024 * 1024)
        changes = KeyChangeReporter(Mock(), "run", os.getpid())
        module = StateModule(
            lambda: store, changes, sandbox.has_room, RunLocks(Mock()), Tracking(Mock(), Mock())
        )
        sandbox.publish("json", sandbox.define("json", json_functions()))
        publish_state(sandbox, module)
        self._sandbox = sandbox

    def message_of(self, call: str) -> str:
        function = lua_function(self._sandbox, f"print = pcall return pcall({call})", "t.lua")
        ok, message = function()
        assert ok is False
        return str(message.decode()).removeprefix("t.lua:1: ")


@pytest.fixture
def state_calls() -> Iterator[StateCalls]:
    with open_store("local", "write") as store:
        yield StateCalls(store)


def test_what_was_set_comes_back_with_its_type(tmp_path: Path) -> None:
    body = r"""
        for key, value in pairs({
            text = "é", empty = "", integer = math.maxinteger, negative = -1, float = 2.0,
            yes = true, no = false, bytes = "\255\0\1",
            object = {a = {1, 2.5, "x", {}}, b = json.null}, list = {1, 2}, none = {},
        }) do
            assert(state.set(key, value) == true)
            local back = state.get(key)
            assert(type(back) == type(value) and math.type(back) == math.type(value), key)
            if type(value) == "table" then
                assert(json.encode(back) == json.encode(value), key)
            else
                assert(back == value, key)
            end
        end
        local count = select("#", state.get("absent"))
        print(state.get("absent"), state.get("absent", 7), state.get("no", 7), count)
    """
    assert lines_of(tmp_path, body) == ["nil\t7\tfalse\t1"]
    assert stored() == {
        "text": "é",
        "empty": "",
        "integer": 2**63 - 1,
        "negative": -1,
        "float": 2.0,
        "yes": True,
        "no": False,
        "bytes": b"\xff\0\1",
        "object": {"a": [1, 2.5, "x", {}], "b": None},
        "list": [1, 2],
        "none": {},
    }
    assert isinstance(stored()["float"], float)


def test_exists_and_delete(tmp_path: Path) -> None:
    body = """
        state.set("k", false)
        print(state.exists("k"), state.delete("k"), state.delete("k"), state.exists("k"), state.exists(""))
    """
    assert lines_of(tmp_path, body) == ["true\ttrue\tfalse\tfalse\tfalse"]


def test_list_and_keys_are_literal_prefixes_in_order(tmp_path: Path) -> None:
    with open_store("local", "write") as store:
        store.set_many({"a%": 1, "a%b": [1], "aXb": 3, "A%": 4, "é": 5, "a%a": "x"})
    body = """
        print(table.concat(state.keys("a%"), " "), #state.keys(), #state.keys("zzz"))
        for key, value in pairs(state.list("a%")) do print(key, type(value)) end
        print(next(state.list("zzz")), type(state.list("zzz")))
    """
    assert lines_of(tmp_path, body) == [
        "a% a%a a%b\t6\t0",
        "a%\tnumber",
        "a%a\tstring",
        "a%b\ttable",
        "nil\ttable",
    ]


@pytest.mark.slow
def test_a_list_may_be_changed_while_it_is_walked(tmp_path: Path) -> None:
    with open_store("local", "write") as store:
        store.set_many({f"t:{number:04}": "x" * 900 for number in range(3000)})
    body = """
        local count, all = 0, state.list("t:")
        for key in pairs(all) do
            count = count + 1
            if count % 1000 == 0 then state.delete(key) end
            all[key] = nil
        end
        print(count, next(all))
    """
    assert lines_of(tmp_path, body) == ["3000\tnil"]
    assert len(stored()) == 2997


def test_increment_and_decrement(tmp_path: Path) -> None:
    with open_store("local", "write") as store:
        store.set_many({"text": "41", "word": "abc", "big": 2**63 - 1})
    body = (
        FAILS
        + """
        print(state.increment("n"), state.increment("n", 5), state.decrement("n"), state.decrement("n", 10))
        print(state.increment("text"), state.increment("f", 0.5), math.type(state.increment("f", 0.5)))
        fails(state.increment, "word")
        fails(state.increment, "big")
        fails(state.increment, "n", "x")
        fails(state.decrement, "n", {})
    """
    )
    assert lines_of(tmp_path, body) == [
        "1\t6\t5\t-5",
        "42\t0.5\tfloat",
        "state.increment: key 'word' does not hold a number",
        "state.increment: key 'big': the sum does not fit 64 bits",
        "state.increment: n must be a number, got string",
        "state.decrement: n must be a number, got table",
    ]


def test_set_if_absent_and_compare_and_set(tmp_path: Path) -> None:
    body = """
        print(state.set_if_absent("k", {1}), state.set_if_absent("k", 2))
        local swap = state.compare_and_set
        print(swap("k", {2}, 3), swap("k", {1}, 3), swap("k", 3.0, 4))
        print(swap("new", nil, 1), swap("new", nil, 2), state.get("new"))
    """
    assert lines_of(tmp_path, body) == ["true\tfalse", "false\ttrue\tfalse", "true\tfalse\t1"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("state.set, 'k', nil", "state.set: value must not be nil"),
        ("state.set, 'k', print", "state.set: value must not be a function"),
        ("state.set, 'k', coroutine.create(print)", "state.set: value must not be a thread"),
        (
            "state.set, 'k', {1, nil, 3}",
            "state.set: value is a list with a hole: field 2 is nil",
        ),
        ("state.set, 'k', {a = {print}}", "state.set: value.a[1] is a function, which JSON cannot hold"),
        ("state.set, 'k', 0/0", "state.set: "),
        ("state.set, 'k', 1/0", "state.set: "),
        pytest.param(
            "state.set, 'k', ('x'):rep(64 * 1024 * 1024 + 1)", "state.set: ", marks=pytest.mark.slow
        ),
        ("state.set, '', 1", "state.set: a key must not be empty"),
        ("state.set, 'a\\0b', 1", "state.set: key 'a"),
        ("state.set, '\\255', 1", "state.set: key is not UTF-8"),
        ("state.set, 42, 1", "state.set: key must be a string, got number"),
        ("state.get", "state.get: key must be a string, got nil"),
        ("state.get, {}", "state.get: key must be a string, got table"),
        ("state.exists, true", "state.exists: key must be a string, got boolean"),
        ("state.list, 5", "state.list: prefix must be a string, got number"),
        ("state.transaction, 5", "state.transaction: fn must be a function, got number"),
        ("state.lock, 'l', 'h'", "state.lock: seconds must be a number, got nil"),
        ("state.lock, 'l', 'h', 0", "state.lock: a lock is taken for more than 0 seconds"),
        (
            "state.lock, 'l', 'h', 1e9",
            "state.lock: a lock is taken for more than 0 seconds and at most 30 days",
        ),
        ("state.lock, 'l', 5, 1", "state.lock: holder must be a string, got number"),
        ("state.lock, 'l', 'h', 1, {wiat = 1}", "state.lock: unknown option 'wiat'; there is: wait"),
        ("state.lock, 'l', 'h', 1, {wait = 'x'}", "state.lock: options.wait must be a number, got string"),
        ("state.with_lock, 'l', 'h', 1", "state.with_lock: fn must be a function, got nil"),
        ("state.unlock, 'l', 'h'", "state.unlock: lock 'l' lost: it is not held"),
        ("state.renew, 'l', 'h', 1", "state.renew: lock 'l' lost: it is not held"),
        ("state.is_locked", "state.is_locked: name must be a string, got nil"),
    ],
)
def test_bad_arguments_name_the_call_and_the_argument(
    state_calls: StateCalls, call: str, message: str
) -> None:
    assert state_calls.message_of(call).startswith(message)


def test_transactions_are_all_or_nothing_and_nest(tmp_path: Path) -> None:
    body = """
        print(state.transaction(function()
            state.set("a", 1)
            local ok, why = pcall(state.transaction, function() state.set("b", 2) error({message = "no"}) end)
            state.set("c", 3)
            return ok, type(why), state.get("b")
        end))
        print(pcall(state.transaction, function()
            state.set("a", 2)
            state.transaction(function() state.set("d", 4) end)
            error("out")
        end))
        print(state.get("a"), state.get("d"))
    """
    told = run_task(tmp_path, body)
    assert told.lines == ["false\ttable\tnil", "false\ttasks.lua:12: out", "1\tnil"]
    assert told.changes == [("a", None, 1), ("c", None, 3)]


def test_a_transaction_abandoned_in_a_coroutine_is_rolled_back_and_fails_the_task(tmp_path: Path) -> None:
    text = """
        task({name = "leaves", run = function()
            coroutine.wrap(function()
                state.transaction(function() state.set("a", 1) coroutine.yield() end)
            end)()
            state.set("c", 3)
        end})
        task({name = "next", run = function() print(state.get("a")) state.set("b", 2) end})
    """
    told = run_text(tmp_path, text, keep_going=True)
    assert told.results == {"leaves": "failed", "next": "done"}
    assert told.errors["leaves"] == "a state.transaction was left open, and is rolled back"
    assert told.lines == ["nil"]
    assert told.changes == [("b", None, 2)]


def test_a_store_that_is_never_touched_is_not_created(tmp_path: Path, base: Path) -> None:
    run_task(tmp_path, "print(1)")
    assert not base.exists()


def test_reading_creates_nothing(tmp_path: Path, base: Path) -> None:
    assert lines_of(tmp_path, 'print(state.get("a"), state.exists("a"))') == ["nil\tfalse"]
    assert not base.exists()


def test_an_unusable_database_fails_the_task_with_the_reason(tmp_path: Path, base: Path) -> None:
    (base / "state").mkdir(parents=True)
    (base / "state" / "local.db").write_text("this is no database, but a text that is long enough" * 20)
    told = run_task(tmp_path, 'state.set("a", 1)')
    assert told.end.exit_code == 20
    assert told.errors["only"].startswith("tasks.lua:2: state.set: ")
    assert "local.db" in told.errors["only"]


def test_times_to_live(state_calls: StateCalls, tmp_path: Path) -> None:
    assert lines_of(
        tmp_path,
        """
        print(state.set("key", 1, {ttl = 50}), state.ttl("key") > 49, state.ttl("absent"))
        print(state.increment("key"), state.ttl("key") > 49)
        print(state.compare_and_set("key", 2, 3), state.ttl("key") > 49)
        print(state.set("key", 4, {keep_ttl = true}), state.ttl("key") > 49)
        print(state.set("key", 4), state.ttl("key"))
        print(state.expire("key", 300.5), state.ttl("key") > 250, state.expire("absent", 1))
        print(state.persist("key"), state.ttl("key"), state.persist("absent"))
        print(state.set_if_absent("new", 1, {ttl = 9}), state.ttl("new") <= 9)
        print(state.compare_and_set("new", 1, 2, {ttl = 90}), state.ttl("new") > 80)
        """,
    ) == [
        "true\ttrue\tnil",
        "2\ttrue",
        "true\ttrue",
        "true\ttrue",
        "true\tnil",
        "true\ttrue\tfalse",
        "true\tnil\tfalse",
        "true\ttrue",
        "true\ttrue",
    ]
    for call, wrong in {
        "state.set, 'k', 1, {ttl = 0}": "state.set: a time to live is more than 0 seconds and at most ten "
        "years, not 0 (an entry without one stays until it is deleted)",
        "state.set, 'k', 1, {ttl = 0/0}": "state.set: a time to live is more than 0 seconds and at most ten "
        "years, not nan (an entry without one stays until it is deleted)",
        "state.set, 'k', 1, {ttl = '5'}": "state.set: options.ttl must be a number, got string",
        "state.set, 'k', 1, {tll = 5}": "state.set: unknown option 'tll'; there are: ttl, keep_ttl",
        "state.set, 'k', 1, {ttl = 5, keep_ttl = true}": "state.set: ttl and keep_ttl exclude each other",
        "state.set, 'k', 1, '5'": "state.set: options must be a table, got string",
        "state.set_if_absent, 'k', 1, {keep_ttl = true}": "state.set_if_absent: unknown option 'keep_ttl'; "
        "there is: ttl",
        "state.expire, 'k', -1": "state.expire: a time to live is more than 0 seconds and at most ten years, "
        "not -1 (an entry without one stays until it is deleted)",
        "state.expire, 'k'": "state.expire: seconds must be a number, got nil",
    }.items():
        assert state_calls.message_of(call) == wrong
    assert "k" not in stored()
