"""Lua's state.history and state.revision."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.store import open_store
from tests.runner.support import FAILS, lines_of, put, run_text
from tests.store.sqlite.others import run_other

if TYPE_CHECKING:
    from pathlib import Path


def test_a_key_tells_what_became_of_it_newest_first(tmp_path: Path) -> None:
    before = time.time() - 1
    text = """
        task({name = "writes", run = function()
            state.set("k", 1) state.set("k", {a = {2}}) state.set("k", "\\255") state.delete("k")
            state.set("k", 2.0)
        end})
        task({name = "asks", run = function()
            local function shown(value)
                if type(value) == "table" then return json.encode(value) end
                if value == "\\255" then return "bytes" end
                return tostring(value)
            end
            for _, one in ipairs(state.history("k")) do
                local old, new = shown(one.old), shown(one.new)
                print(one.revision, one.operation, old, new, one.task, one.program, one.secret)
            end
            local newest = state.history("k", 1)
            print(#newest, newest[1].at, newest[1].run, newest[1].title)
        end})
    """
    told = run_text(tmp_path, text)
    assert told.results == {"writes": "done", "asks": "done"}
    *changes, last = told.lines
    assert changes == [
        "5\tset\tnil\t2.0\twrites\tlua\tfalse",
        "4\tdelete\tbytes\tnil\twrites\tlua\tfalse",
        '3\tset\t{"a":[2]}\tbytes\twrites\tlua\tfalse',
        '2\tset\t1\t{"a":[2]}\twrites\tlua\tfalse',
        "1\tset\tnil\t1\twrites\tlua\tfalse",
    ]
    count, at, run, title = last.split("\t")
    assert (count, run) == ("1", told.end.run)
    assert before < float(at) < time.time() + 1
    assert title.endswith("tasks.lua")


def test_more_than_cross_at_once_come_in_order(tmp_path: Path) -> None:
    body = """
        for number = 1, 45 do state.set("k", number) end
        local found = state.history("k")
        assert(#found == 45)
        for index, one in ipairs(found) do assert(one.new == 46 - index) end
        print(#state.history("k", 30), #state.history("k", 100), #state.history("none"))
    """
    assert lines_of(tmp_path, body) == ["30\t45\t0"]


def test_writes_of_other_programs_are_external_and_secrets_are_not_told(tmp_path: Path, base: Path) -> None:
    put(k="ours", hidden="old")
    with open_store("local", "write") as store:
        store.mark_secret("hidden")
        store.set("hidden", "new")
    run_other(base / "state" / "local.db", "UPDATE state SET value = 'theirs' WHERE key = 'k'")
    body = """
        local one = state.history("k", 1)[1]
        print(one.author, one.program, one.title, one.new)
        local kept = state.history("hidden", 1)[1]
        print(kept.secret, kept.old, kept.new, kept.operation)
    """
    assert lines_of(tmp_path, body) == ["external\tnil\tnil\ttheirs", "true\tnil\tnil\tset"]


def test_revision_is_the_newest_of_the_store(tmp_path: Path) -> None:
    body = """
        print(state.revision())
        state.set("a", 1) state.set("b", 1)
        print(state.revision(), state.history("b")[1].revision)
    """
    assert lines_of(tmp_path, body) == ["0", "2\t2"]


def test_a_transaction_sees_its_own_changes(tmp_path: Path) -> None:
    body = """
        state.set("k", 1)
        state.transaction(function()
            state.set("k", 2)
            print(#state.history("k"), state.revision())
        end)
    """
    assert lines_of(tmp_path, body) == ["2\t2"]


def test_bad_arguments_are_refused(tmp_path: Path) -> None:
    body = """
        fails(state.history, 7)
        fails(state.history, "k", "1")
        fails(state.history, "k", 0)
        fails(state.history, "k", 1.5)
    """
    assert lines_of(tmp_path, FAILS + body) == [
        "state.history: key must be a string, got number",
        "state.history: limit must be a number, got string",
        "state.history: limit must be a whole number, 1 or more",
        "state.history: limit must be a whole number, 1 or more",
    ]
