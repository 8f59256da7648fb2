"""Timeouts, stops and kills: the events, and that nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import KeyChanged, RunFinished, TaskFinished, TaskOutput, TaskStarted
from sloth_tui.runner.processes import find_descendants
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.supervisor import Supervisor
from sloth_tui.store import open_store
from tests.runner.support import Told, run_text, stored, within_limits, write
from tests.support import wait_until
from tests.workers import descendants

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "body",
    [
        "state.lock('l@', 'a', 60) state.lock('l@', 'b', 60, {wait = 60})",
        "state.transaction(function() state.set('never', 1) while true do end end)",
    ],
    ids=["waiting", "transaction"],
)
def test_a_run_that_takes_too_long_ends_in_time(tmp_path: Path, body: str) -> None:
    text = f"""
        task({{name = "endless", run = function() state.with_lock("held", "me", 60, function()
            print("at work")
            {body}
        end) end}})
        task({{name = "next", run = function() end}})
    """
    told = within_limits(
        lambda seconds: run_text(tmp_path, text.replace("@", seconds), timeout=float(seconds)),
        lambda told: told.lines,
    )
    assert (told.end.result, told.end.exit_code) == ("timeout", 124)
    assert (told.end.error or "").startswith("the run took longer than ")
    assert told.results == {"endless": "timeout", "next": "skipped"}
    assert "never" not in stored()
    with open_store("local", "write") as store:
        assert "held" not in [lock.name for lock in store.locks()]


def test_a_tasks_own_limit_and_what_goes_on_after_it(tmp_path: Path) -> None:
    text = """
        marker = (marker or 0) + 1
        task({name = "slow", timeout = @, run = function()
            state.set("a:@", 1)
            state.lock("plain:@", "me", 60)
            state.with_lock("tied", "me", 60, function() state.set("a:@", 2) while true do end end)
        end})
        task({name = "needs", depends_on = "slow", run = function() end})
        task({name = "other", run = function() print(marker, state.is_locked("tied")) end})
    """
    told = within_limits(
        lambda seconds: run_text(tmp_path, text.replace("@", seconds), keep_going=True),
        lambda told: len(told.changes) > 1,
    )
    assert told.results == {"slow": "timeout", "needs": "skipped", "other": "done"}
    assert told.errors["slow"].startswith("took longer than ")
    assert told.errors["needs"] == "depends on 'slow', which took too long"
    assert told.lines == ["1\tfalse"]
    key = told.of(KeyChanged)[0].key
    assert told.changes == [(key, None, 1), (key, 1, 2)]
    (warning,) = told.warnings
    assert warning.startswith("lock 'plain:")
    assert "' is still held by 'me' for " in warning
    assert (told.end.result, told.end.exit_code) == ("timeout", 124)


def test_without_keep_going_a_tasks_limit_ends_the_run(tmp_path: Path) -> None:
    text = """
        task({name = "slow", timeout = 0.1, run = function() while true do end end})
        task({name = "other", run = function() end})
    """
    told = run_text(tmp_path, text)
    assert told.results == {"slow": "timeout", "other": "skipped"}
    assert told.errors["other"] == "'slow' took too long"
    assert told.end.exit_code == 124


def test_an_attempt_that_takes_too_long_is_tried_again(tmp_path: Path) -> None:
    text = """
        task({name = "slow", timeout = @, retries = 1, run = function()
            if state.increment("tries:@") == 1 then while true do end end
            print("done")
        end})
    """
    told = within_limits(
        lambda seconds: run_text(tmp_path, text.replace("@", seconds)), lambda told: told.lines
    )
    assert told.results == {"slow": "done"}
    (warning,) = told.warnings
    assert warning.startswith("attempt 1 of 2 failed: took longer than ")
    assert [event.task for event in told.of(TaskStarted)] == ["slow"]
    assert told.changes[-1][1:] == (1, 2)


def test_loading_that_takes_too_long(tmp_path: Path) -> None:
    told = within_limits(
        lambda seconds: run_text(tmp_path, 'print("loading") while true do end', timeout=float(seconds)),
        lambda told: told.lines,
    )
    assert told.lines == ["loading"]
    assert (told.end.result, told.end.exit_code) == ("timeout", 124)


def stop_when(supervisor: Supervisor, act: Callable[[], object], text: str) -> Told:
    """Go through a run and call ``act`` when it prints ``text``."""
    events = []
    for event in supervisor.events():
        events.append(event)
        if isinstance(event, TaskOutput) and event.text == text:
            act()
    return Told(events)


HOLDING = """
    task({name = "holds", run = function()
        state.set("before", 1)
        state.with_lock("tied", "me", 60, function() print("ready") while true do end end)
    end})
    task({name = "next", run = function() end})
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stop_ends_the_run_and_frees_its_locks(tmp_path: Path, number: int, code: int) -> None:
    supervisor = Supervisor(RunRequest(write(tmp_path, HOLDING), "local"))
    told = stop_when(supervisor, lambda: supervisor.stop(number), "ready")
    assert (told.end.result, told.end.exit_code) == ("cancelled", code)
    assert told.results == {"holds": "cancelled", "next": "skipped"}
    assert told.changes == [("before", None, 1)]
    assert descendants() == []
    with open_store("local") as store:
        assert store.locks() == []


def test_a_lock_of_a_stopped_run_is_gone_for_programs_that_only_know_the_table(
    tmp_path: Path, base: Path
) -> None:
    supervisor = Supervisor(RunRequest(write(tmp_path, HOLDING), "local"))
    stop_when(supervisor, supervisor.stop, "ready")
    script = (
        "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT * FROM locks').fetchall())"
    )
    database = str(base / "state" / "local.db")
    found = subprocess.run([sys.executable, "-c", script, database], capture_output=True, text=True)
    assert found.stdout == "[]\n"


def test_stop_from_another_thread(tmp_path: Path) -> None:
    supervisor = Supervisor(RunRequest(write(tmp_path, HOLDING), "local"))
    told: list[Told] = []
    ready = threading.Event()

    def listen() -> None:
        events = []
        for event in supervisor.events():
            events.append(event)
            if isinstance(event, TaskOutput):
                ready.set()
        told.append(Told(events))

    thread = threading.Thread(target=listen)
    thread.start()
    assert ready.wait(60)
    supervisor.stop()
    thread.join(60)
    assert told[0].end.exit_code == 130


def test_stop_before_the_start_and_after_the_end(tmp_path: Path) -> None:
    path = write(tmp_path, 'task({name = "a", run = function() end})')
    early = Supervisor(RunRequest(path, "local"))
    early.stop()
    assert Told(early.events()).end.exit_code == 130
    late = Supervisor(RunRequest(path, "local"))
    assert Told(late.events()).end.exit_code == 0
    late.stop()


def test_giving_up_listening_ends_the_worker(tmp_path: Path) -> None:
    events = Supervisor(RunRequest(write(tmp_path, HOLDING), "local")).events()
    next(events)
    assert descendants()
    events.close()  # type: ignore[attr-defined]  # it is a generator
    assert descendants() == []


def worker_pids(above: int | None = None) -> tuple[int, int, int]:
    """The keeper, its guard, and the process that runs Lua."""
    keeper = first_child(above)
    guard = first_child(keeper)
    return keeper, guard, first_child(guard)


def first_child(above: int | None) -> int:
    def found() -> int:
        below = descendants() if above is None else find_descendants(above)
        return min([process.pid for process in below if process.parent == (above or os.getpid())], default=0)

    return wait_until(found)


@pytest.mark.parametrize(
    ("victim", "number", "words"),
    [
        (2, signal.SIGKILL, "killed: its worker process got SIGKILL, by hand or because"),
        (2, signal.SIGTERM, "stopped: its worker process got SIGTERM"),
        (2, signal.SIGSEGV, "crashed: its worker process got SIGSEGV"),
        (1, signal.SIGKILL, "killed: its worker process was ended from outside"),
        (0, signal.SIGKILL, "killed: its worker process was ended from outside"),
    ],
)
def test_a_worker_that_dies_is_explained(tmp_path: Path, victim: int, number: int, words: str) -> None:
    supervisor = Supervisor(RunRequest(write(tmp_path, HOLDING), "local", keep_going=True))
    told = stop_when(supervisor, lambda: os.kill(worker_pids()[victim], number), "ready")
    assert told.errors["holds"].startswith(words)
    assert told.results == {"holds": "failed", "next": "done"}
    assert told.end.exit_code == 20
    assert descendants() == []
    with open_store("local") as store:
        assert store.locks() == []


COMMANDS = """
    task({name = "a", run = function()
        cmd("setsid sleep 96 & (sleep 96; true) & trap '' TERM; echo ready; while :; do sleep 96; done")
    end})
"""


@pytest.mark.parametrize(("text", "count"), [(HOLDING, 2), (COMMANDS, 7)], ids=["loop", "commands"])
def test_neither_worker_nor_commands_outlive_their_supervisor(tmp_path: Path, text: str, count: int) -> None:
    path = write(tmp_path, text)
    script = (
        "import sys\n"
        "from sloth_tui.runner.supervision.supervisor import RunRequest, Supervisor\n"
        "request = RunRequest(sys.argv[1], 'local', grace=0.2)\n"
        "for event in Supervisor(request).events(): print(event, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        while "ready" not in parent.stdout.readline():
            pass
        below = wait_until(lambda: found if len(found := find_descendants(parent.pid)) >= count else [])
        parent.kill()
    for process in below:
        wait_until(lambda pid=process.pid: not os.path.exists(f"/proc/{pid}"))  # type: ignore[misc]


def test_limits_beyond_what_clocks_can_count_are_none(tmp_path: Path) -> None:
    text = """
        task({name = "a", timeout = 1e300, run = function()
            print(cmd({command = "true", timeout = 1e300}).success)
        end})
    """
    told = run_text(tmp_path, text, timeout=1e300)
    assert (told.end.exit_code, told.lines) == (0, ["true"])


def test_no_acknowledged_write_is_lost_when_a_worker_is_killed(tmp_path: Path) -> None:
    text = """
        task({name = "writes", run = function()
            for i = 1, 1e9 do state.set("n", i) if i % 50 == 0 then print("at " .. i) end end
        end})
    """
    supervisor = Supervisor(RunRequest(write(tmp_path, text), "local"))
    told = stop_when(supervisor, lambda: os.kill(worker_pids()[2], signal.SIGKILL), "at 200")
    numbers = [event.new for event in told.of(KeyChanged)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert stored()["n"] == numbers[-1]
    (finished,) = told.of(TaskFinished)
    assert finished.changed == len(numbers)
    assert len(told.of(RunFinished)) == 1
