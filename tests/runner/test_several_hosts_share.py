"""Tasks for several hosts: what they share, and what each has for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import (
    KeyChanged,
    Resource,
    TaskFinished,
    Warned,
)
from sloth_tui.runner.host_schedule import HostSchedule
from sloth_tui.runner.schedule import PlannedTask
from sloth_tui.runner.supervision.process import WorkerProcess
from sloth_tui.store import open_store
from tests.runner.several import FOUR, errors, lines_on, results
from tests.runner.support import run_text, stored
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    _Read = Callable[[WorkerProcess, float | None], list[bytes]]

pytestmark = pytest.mark.slow


def test_state_is_exact_across_hosts(tmp_path: Path) -> None:
    count = rounds(60, 3000)
    text = """
        task({name = "count", delegate_to = {%s}, run = function()
            for _ = 1, values.count do state.increment("n") end
        end})
        task({name = "read", run = function() print(state.get("n")) end})
    """
    told = run_text(tmp_path, text % FOUR, values={"count": count})
    assert set(results(told).values()) == {"done"}, told.errors
    assert lines_on(told, None) == [str(4 * count)]
    numbers = [event.new for event in told.of(KeyChanged)]
    assert len(numbers) == len(set(numbers))  # no change is told by two hosts
    changed = [event.changed for event in told.of(TaskFinished) if event.task == "count"]
    assert sum(changed) == len(numbers)


def test_a_lock_excludes_the_other_hosts(tmp_path: Path) -> None:
    text = """
        task({name = "count", delegate_to = {%s}, run = function()
            for _ = 1, values.count do
                state.with_lock("counter", "me", 60, function() state.set("n", state.get("n", 0) + 1) end,
                    {wait = 60})
            end
        end})
    """
    count = rounds(10, 200)
    told = run_text(tmp_path, text % FOUR, values={"count": count})
    assert set(results(told).values()) == {"done"}, told.errors
    assert stored()["n"] == 4 * count


def test_a_lock_that_another_host_holds_is_refused(tmp_path: Path) -> None:
    text = """
        task({name = "one", delegate_to = {"local", "localhost"}, run = function()
            if run.host == "local" then state.lock("deploy", "me", 600) return end
            while not state.is_locked("deploy") do end
            state.lock("deploy", "me", 600)
        end})
    """
    told = run_text(tmp_path, text)
    assert results(told) == {("one", "local"): "done", ("one", "localhost"): "failed"}
    assert "lock 'deploy' is held by 'me'" in errors(told)["one", "localhost"]


def test_what_a_host_leaves_locked_is_told_for_it(tmp_path: Path) -> None:
    text = """
        task({name = "one", delegate_to = {"local", "localhost"}, run = function()
            if run.host == "localhost" then state.lock("deploy", "me", 600) end
        end})
    """
    told = run_text(tmp_path, text)
    (warning,) = told.of(Warned)
    assert warning.host == "localhost"
    assert "lock 'deploy'" in warning.message


def test_resources_say_where_they_are_and_for_whom_the_task_runs(tmp_path: Path) -> None:
    text = """
        task({name = "one", delegate_to = {"local", "localhost"}, run = function()
            file.write({path = values.at .. "/" .. run.host, content = "x"})
        end})
    """
    told = run_text(tmp_path, text, values={"at": str(tmp_path)})
    assert set(results(told).values()) == {"done"}, told.errors
    assert {(event.host, event.task_host) for event in told.of(Resource)} == {
        ("local", "local"),
        ("localhost", "localhost"),
    }


@pytest.mark.parametrize(
    ("hosts", "words"),
    [
        ("{}", "delegate_to is an empty list; name a host, or leave it out for this machine"),
        ('{"a", "b", "a"}', "delegate_to names 'a' twice"),
        ('{"a", 5}', "delegate_to must be a list of names; field 2 is a number"),
        ('{web = "a"}', "delegate_to must be a list of names; field 1 is a nil"),
        ('{"a", ""}', "delegate_to must be a list of names, each one line of text"),
        ('{"a\\nb"}', "delegate_to must be a list of names, each one line of text"),
        ("true", "delegate_to must be a name or a list of hosts, got boolean"),
    ],
    ids=["empty", "twice", "number", "no-list", "no-name", "two-lines", "boolean"],
)
def test_a_list_of_hosts_that_is_none_is_refused(tmp_path: Path, hosts: str, words: str) -> None:
    told = run_text(tmp_path, f'\ntask({{name = "a", delegate_to = {hosts}, run = function() end}})')
    assert told.end.exit_code == 2
    assert told.end.error is not None
    assert told.end.error.endswith(f"tasks.lua:2: task: {words}")


@pytest.mark.parametrize(
    "call",
    [
        'cmd({command = "true", delegate_to = {"a", "b"}})',
        'file.exists({path = "/", delegate_to = {"a", "b"}})',
    ],
    ids=["cmd", "file"],
)
def test_a_call_acts_on_one_host(tmp_path: Path, call: str) -> None:
    told = run_text(tmp_path, f'task({{name = "a", run = function()\n{call}\nend}})')
    assert "tasks.lua:2: " in told.errors["a"]
    assert "only a task's delegate_to may be a list" in told.errors["a"]


def test_a_file_that_defines_other_tasks_when_it_is_loaded_for_a_host(tmp_path: Path) -> None:
    text = """
        local loads = state.increment("loads")
        if loads == 1 then
            task({name = "a", delegate_to = {"local"}, run = function() end})
        else
            task({name = "b", run = function() state.set("b", true) end})
        end
    """
    told = run_text(tmp_path, text)
    assert results(told) == {("a", "local"): "failed"}
    assert errors(told)["a", "local"].endswith(
        "the file defines no such task when it is loaded again, for this host"
    )
    assert stored() == {"loads": 2}


@pytest.mark.parametrize("guard", ["first", "late"])
def test_a_file_that_cannot_be_loaded_for_a_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guard: str
) -> None:
    """The worker may say so before its guard, another process, says that it has begun."""
    if guard == "late":
        monkeypatch.setattr(WorkerProcess, "read", _hear_guard_late(WorkerProcess.read))
    text = """
        task({name = "a", delegate_to = {"local", "localhost"}, run = function() end})
        if state.increment("loads") == 2 then error("not twice") end
    """
    told = run_text(tmp_path, text, forks=1, keep_going=True)
    assert results(told) == {("a", "local"): "failed", ("a", "localhost"): "done"}
    assert errors(told)["a", "local"].endswith("tasks.lua:3: not twice")


def _hear_guard_late(read: _Read) -> _Read:
    began: dict[WorkerProcess, bytes] = {}

    def hear(worker: WorkerProcess, timeout: float | None) -> list[bytes]:
        heard = []
        for line in read(worker, timeout):
            if b'"started"' in line:
                began[worker] = line
            elif b'"ended"' in line:
                heard += [began.pop(worker), line]
            else:
                heard.append(line)
        return heard

    return hear


def test_one_undo_takes_back_what_all_hosts_wrote(tmp_path: Path) -> None:
    text = """
        task({name = "a", run = function() state.set("a", 1) end})
        task({name = "b", delegate_to = {"local", "localhost"}, run = function() state.set(run.host, 1) end})
    """
    told = run_text(tmp_path, text)
    assert stored() == {"a": 1, "local": 1, "localhost": 1}
    with open_store("local", "write") as store:
        store.undo(store.change_set(told.end.run))
    assert stored() == {}


def steps(schedule: HostSchedule) -> list[tuple[str, str | None, str | None]]:
    return [(step.task, step.host, step.obstacle) for step in schedule.steps()]


def test_a_task_depends_on_the_other_hosts_if_it_does_not_share_its_own() -> None:
    plan = [
        PlannedTask("db", (), ("d1", "d2")),
        PlannedTask("web", ("db",), ("w1", "w2", "d1")),
    ]
    schedule = HostSchedule(plan, keep_going=True, forks=5)
    assert steps(schedule) == [("db", "d1", None), ("db", "d2", None)]
    schedule.record("db", "d1", "done")
    assert steps(schedule) == []
    schedule.record("db", "d2", "failed")
    why = "depends on 'db', which failed on d2"
    assert steps(schedule) == [("web", "w1", why), ("web", "w2", why), ("web", "d1", None)]
    schedule.record("web", "d1", "done")
    assert steps(schedule) == []
    assert schedule.over
    assert schedule.results() == {
        "db on d1": "done",
        "db on d2": "failed",
        "web on w1": "skipped",
        "web on w2": "skipped",
        "web on d1": "done",
    }


def test_a_check_predicts_for_each_host_by_itself(tmp_path: Path) -> None:
    text = """
        task({name = "count", delegate_to = {"local", "localhost"}, run = function()
            state.increment("n")
            file.write({path = values.at .. "/made", content = run.host})
        end})
        task({name = "look", delegate_to = {"local", "localhost"}, run = function()
            print(run.check, state.get("n"), file.read(values.at .. "/made"))
        end})
        task({name = "alone", run = function() print(state.get("n"), file.exists(values.at .. "/made")) end})
    """
    told = run_text(tmp_path, text, check=True, values={"at": str(tmp_path)})
    assert set(results(told).values()) == {"done"}, told.errors
    assert (told.end.exit_code, told.end.would_change) == (10, True)
    assert sorted((event.host, event.old, event.new) for event in told.of(KeyChanged)) == [
        ("local", None, 1),
        ("localhost", None, 1),
    ]
    assert {(event.task_host, event.changed, event.predicted) for event in told.of(Resource)} == {
        ("local", True, True),
        ("localhost", True, True),
    }
    assert lines_on(told, "local") == ["true\t1\tlocal"]
    assert lines_on(told, "localhost") == ["true\t1\tlocalhost"]
    assert lines_on(told, None) == ["nil\tfalse"]
    assert stored() == {}
    assert not (tmp_path / "made").exists()


def test_a_check_of_hosts_where_all_is_as_wanted(tmp_path: Path) -> None:
    text = """
        task({name = "write", delegate_to = {"local", "localhost"}, run = function()
            file.write({path = values.at .. "/of " .. run.host, content = "x"})
        end})
    """
    assert run_text(tmp_path, text, values={"at": str(tmp_path)}).end.exit_code == 0
    told = run_text(tmp_path, text, values={"at": str(tmp_path)}, check=True)
    assert (told.end.exit_code, told.end.would_change) == (0, False)


def test_a_task_is_up_to_date_for_each_host_by_itself(tmp_path: Path) -> None:
    (tmp_path / "source").write_text("1")
    text = """
        task({name = "build", sources = {"source"}, delegate_to = {"local", "localhost"}, run = function()
            if file.exists(values.at .. "/fail on " .. run.host) then error("no") end
            print("built")
        end})
    """

    def built() -> dict[str | None, bool]:
        told = run_text(tmp_path, text, forks=1, keep_going=True, values={"at": str(tmp_path)})
        return {event.host: event.up_to_date for event in told.of(TaskFinished) if event.result == "done"}

    assert built() == {"local": False, "localhost": False}
    assert built() == {"local": True, "localhost": True}
    assert sorted(stored()) == ["task:up-to-date:build on local", "task:up-to-date:build on localhost"]
    (tmp_path / "source").write_text("2")
    (tmp_path / "fail on localhost").touch()
    assert built() == {"local": False}
    (tmp_path / "fail on localhost").unlink()
    assert built() == {"local": True, "localhost": False}
