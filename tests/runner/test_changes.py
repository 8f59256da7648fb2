"""A run reports the keys it changed, and history keeps them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.origin import this_process
from sloth_tui.runner.events import KeyChanged
from sloth_tui.runner.worker.emitter import Emitter
from sloth_tui.runner.worker.key_changes import KeyChangeReporter
from sloth_tui.store import open_store
from tests.runner.support import run_task, run_text, stored

if TYPE_CHECKING:
    from pathlib import Path


def test_changes_carry_run_task_and_what_was_asked_for(tmp_path: Path) -> None:
    text = """
        task({name = "one", run = function() state.set("a", 1) end})
        task({name = "two", run = function() state.set("a", 2) end})
    """
    told = run_text(tmp_path, text)
    with open_store("local") as store:
        history = list(store.revisions("a"))
    origins = [revision.origin for revision in history]
    assert all(origin is not None for origin in origins)
    assert [(o.task, o.program, o.run) for o in origins if o] == [
        ("two", "lua", told.end.run),
        ("one", "lua", told.end.run),
    ]
    assert origins[0] is not None
    assert origins[0].title.endswith("tasks.lua")
    assert [event.task for event in told.of(KeyChanged)] == ["one", "two"]


def test_setting_what_is_there_already_is_no_change(tmp_path: Path) -> None:
    body = 'state.set("a", 1) state.set("a", 1) state.set("a", 1.0) state.delete("none")'
    told = run_task(tmp_path, body)
    assert told.changes == [("a", None, 1), ("a", 1, 1.0)]


@pytest.mark.slow
def test_a_loop_of_writes_is_reported_to_the_last_one_though_history_forgets(
    tmp_path: Path, base: Path
) -> None:
    base.mkdir()
    (base / "config.toml").write_text("[history]\nkeep = 3\n")
    told = run_task(tmp_path, 'for i = 1, 300 do state.set("k", i) end')
    expected = [("k", None if i == 1 else i - 1, i) for i in range(1, 301)]
    assert told.changes == expected


def test_what_history_has_forgotten_has_left_the_process(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sloth_tui.runner.worker.emitter._FLUSH_SECONDS", 600.0)
    reader, writer = os.pipe()
    kept = 50
    with open_store("local", "write", origin=this_process("lua", "test", "some-run", None)) as store:
        changes = KeyChangeReporter(Emitter(writer), "some-run", os.getpid())
        changes.watch(store, store.revision(), kept)
        for number in range(180):
            store.set("n", number)
            changes.wrote()
    # What this process would have said later is lost if it is killed now; history has it.
    os.close(writer)
    with open(reader, "rb") as told:
        assert len(told.read().splitlines()) >= 180 - kept


def test_long_values_are_shortened_in_what_is_told_not_in_what_is_stored(tmp_path: Path) -> None:
    told = run_task(tmp_path, 'state.set("k", ("x"):rep(1000000)) state.set("t", {("y"):rep(1000000)})')
    events = told.of(KeyChanged)
    assert [event.shortened for event in events] == [True, True]
    assert all(len(str(event.new)) < 20_000 for event in events)
    assert len(str(stored()["k"])) == 1_000_000
