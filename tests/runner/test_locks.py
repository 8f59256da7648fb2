"""Locks from Lua: held, lost, left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.runner.support import FAILS, lines_of, run_text

if TYPE_CHECKING:
    from pathlib import Path


def test_locks(tmp_path: Path) -> None:
    body = (
        FAILS
        + """
        local ok, token = state.lock("l", "me", 60)
        print(ok, math.type(token), state.is_locked("l"))
        fails(state.lock, "l", "me", 60)
        print(state.try_lock("l", "you", 60))
        print(state.renew("l", "me", 90))
        fails(state.renew, "l", "you", 90)
        fails(state.unlock, "l", "you")
        print(state.unlock("l", "me"))
        print(state.is_locked("l"))
        local _, again = state.try_lock("l", "you", 60)
        print(again > token, state.unlock("l", "you"))
        fails(state.transaction, function() state.lock("l", "me", 1) end)
    """
    )
    assert lines_of(tmp_path, body) == [
        "true\tinteger\ttrue\tme",
        "state.lock: lock 'l' is held by 'me' for another 1m",
        "false\tme",
        "true",
        "state.renew: lock 'l' lost: 'me' holds it",
        "state.unlock: lock 'l' lost: 'me' holds it",
        "true",
        "false",
        "true\ttrue",
        "state.lock: not inside state.transaction (take the lock first, then begin)",
    ]


def test_with_lock_passes_results_through_and_releases_on_return_and_on_error(tmp_path: Path) -> None:
    body = """
        print(select("#", state.with_lock("l", "me", 60, function() return 1, nil, nil end)))
        print(state.is_locked("l"))
        print(pcall(state.with_lock, "l", "me", 60, function() error("inside") end))
        print(state.is_locked("l"))
        state.with_lock("l", "me", 60, function()
            print(pcall(state.with_lock, "l", "me", 60, print))
            state.with_lock("m", "me", 60, function() print(state.is_locked("m")) end)
        end)
    """
    assert lines_of(tmp_path, body) == [
        "3",
        "false",
        "false\ttasks.lua:5: inside",
        "false",
        "false\ttasks.lua:8: state.with_lock: lock 'l' is held by 'me' for another 1m",
        "true\tme",
    ]


WAIT = """
    local function wait_until_free(name)
        while state.is_locked(name) do cmd("sleep 0.1") end
    end
"""


@pytest.mark.slow
def test_a_lost_lock_stops_writes_until_it_is_given_up(tmp_path: Path) -> None:
    body = (
        FAILS
        + WAIT
        + """
        state.lock("short", "me", 2)
        state.set("a", 1)
        wait_until_free("short")
        fails(state.set, "a", 2)
        fails(state.increment, "n")
        fails(state.transaction, function() state.delete("a") end)
        print(state.get("a"))
        fails(state.unlock, "short", "me")
        print(state.set("a", 3))
        fails(state.with_lock, "short", "me", 0.25, function() wait_until_free("short") end)
        fails(state.with_lock, "short", "me", 0.25, function()
            wait_until_free("short")
            state.set("a", 4)
        end)
        print(state.get("a"))
    """
    )
    lines = lines_of(tmp_path, body)
    assert [line.partition(": ")[2].partition(":")[0] for line in lines if "lost" in line] == (
        ["lock 'short' lost"] * 6
    )
    assert [line for line in lines if "lost" not in line] == ["1", "true", "3"]


def test_a_plain_lock_outlives_its_run_with_a_warning_and_fences_only_its_task(tmp_path: Path) -> None:
    text = (
        WAIT
        + """
        task({name = "takes", run = function()
            state.lock("long", "me", 60)
            state.lock("brief", "me", 0.1)
        end})
        task({name = "writes", run = function() wait_until_free("brief") state.set("a", 1) end})
    """
    )
    told = run_text(tmp_path, text)
    assert told.end.result == "done"
    assert told.changes == [("a", None, 1)]
    assert len(told.warnings) == 1
    assert told.warnings[0].startswith("lock 'long' is still held by 'me' for ")
    with open_store("local") as store:
        assert [lock.name for lock in store.locks()] == ["long"]


def test_a_later_task_may_unlock_what_an_earlier_one_took(tmp_path: Path) -> None:
    text = """
        task({name = "takes", run = function() state.lock("l", "me", 60) end})
        task({name = "gives", run = function() state.unlock("l", "me") end})
    """
    told = run_text(tmp_path, text)
    assert (told.end.result, told.warnings) == ("done", [])


def test_a_with_lock_abandoned_in_a_coroutine_is_released_when_the_task_ends(tmp_path: Path) -> None:
    text = """
        task({name = "leaves", run = function()
            coroutine.wrap(function() state.with_lock("l", "me", 60, coroutine.yield) end)()
            print(state.is_locked("l"))
        end})
        task({name = "next", run = function() print(state.is_locked("l")) end})
    """
    told = run_text(tmp_path, text)
    assert told.lines == ["true\tme", "false"]
    assert told.warnings == []
