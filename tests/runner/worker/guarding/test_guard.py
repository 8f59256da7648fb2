"""Workers whose guard is killed or stopped, and tasks that take their worker along."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import TaskStarted
from sloth_tui.runner.processes import Process, processes
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision import shutdown
from sloth_tui.runner.supervision.supervisor import Supervisor
from tests.runner.support import run_text, within_limits, write
from tests.runner.test_stopping import COMMANDS, HOLDING, stop_when, worker_pids
from tests.support import wait_until
from tests.workers import descendants

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.support import Told

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("fields", "body", "result", "words"),
    [
        ("timeout = @", "while true do end", "timeout", "took longer than "),
        (
            "timeout = 60",
            'cmd("kill -9 $PPID; sleep 99")',
            "failed",
            "killed: its worker process got SIGKILL",
        ),
    ],
    ids=["too long", "killed"],
)
def test_a_task_that_takes_its_worker_along_each_time_ends_once_after_its_last_attempt(
    tmp_path: Path, fields: str, body: str, result: str, words: str
) -> None:
    text = f"""
        task({{name = "a", retries = 2, {fields}, run = function()
            state.with_lock("l", "h", 60, function() print("try") {body} end)
        end}})
    """
    told = within_limits(
        lambda seconds: run_text(tmp_path, text.replace("@", seconds)),
        lambda told: told.lines == ["try"] * 3,
    )
    assert told.results == {"a": result}
    assert told.errors["a"].startswith(words)
    # On a busy machine it may take too long to read back what the worker changed last, which is then told,
    # too.
    told_of = [warning.split(":")[0] for warning in told.warnings if warning.startswith("attempt")]
    assert told_of == ["attempt 1 of 3 failed", "attempt 2 of 3 failed"]
    assert told.lines == ["try"] * 3
    assert len(told.of(TaskStarted)) == 1


UNMARKED = """
    task({name = "a", run = function()
        cmd("setsid env -i sh -c 'trap \\"\\" TERM; exec sleep 774' & sleep 775 & echo ready; sleep 776")
    end})
"""


@pytest.mark.parametrize("victim", [0, 1], ids=["keeper", "guard"])
@pytest.mark.parametrize("text", [COMMANDS, UNMARKED], ids=["commands", "unmarked"])
def test_commands_in_sessions_of_their_own_do_not_outlive_a_guard_that_is_killed(
    tmp_path: Path, text: str, victim: int
) -> None:
    supervisor = Supervisor(RunRequest(write(tmp_path, text), "local"))
    below: list[Process] = []

    def kill_guard() -> None:
        wait_until(lambda: len(descendants()) >= 6)
        below.extend(descendants())
        os.kill(worker_pids()[victim], signal.SIGKILL)

    told = stop_when(supervisor, kill_guard, "ready")
    assert told.end.exit_code == 20
    assert [p for p in below if p in processes()] == []


@pytest.mark.parametrize("victim", [0, 1], ids=["keeper", "guard"])
def test_a_guard_that_is_stopped_does_not_hold_up_the_end(
    tmp_path: Path, victim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutdown, "EXIT_SECONDS", 0.5)

    def attempt(seconds: str) -> Told:
        supervisor = Supervisor(RunRequest(write(tmp_path, HOLDING), "local", timeout=float(seconds)))
        return stop_when(supervisor, lambda: os.kill(worker_pids()[victim], signal.SIGSTOP), "ready")

    told = within_limits(attempt, lambda told: told.lines)
    assert told.end.exit_code == 124
    assert descendants() == []
