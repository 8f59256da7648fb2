"""A run in a process of its own, which keeps its events."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.runs.archive import Archive
from sloth_tui.runs.model import LOST
from sloth_tui.settings import Settings
from tests.runs.support import GOES_ON, all_events, lines_until, started
from tests.support import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

WRITES = """
task({name = "writes", run = function()
  print("hello")
  state.set("app:version", "v1")
  state.set("app:password", "hunter2")
end})
"""


def test_a_run_is_kept_with_all_its_events_and_without_secrets(tmp_path: Path, base: Path) -> None:
    with started(tmp_path, WRITES) as run:
        told = all_events(run.events)
        kept = Archive().find(run.id)
        assert [event["event"] for event in told] == [
            *("run_started", "task_started", "task_output", "key_changed", "key_changed"),
            *("task_finished", "run_finished"),
        ]
        assert (kept.result, kept.exit_code, kept.changed, kept.missing) == ("done", 0, 2, 0)
        assert (kept.agent, kept.store, kept.check, kept.command_line) == ("local", None, False, "run it")
        assert kept.file == str(tmp_path / "tasks.lua")
        assert kept.title == f"run {kept.file}"
        assert kept.duration is not None
        folder = base / "runs" / run.id
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
            "run.json": 0o600,
            "events.jsonl": 0o600,
        }
        assert not any(b"hunter2" in path.read_bytes() for path in folder.iterdir())


def test_a_run_that_goes_on_can_be_read_and_stopped(tmp_path: Path) -> None:
    with started(tmp_path, GOES_ON) as run:
        lines_until(run.events, b"begun")
        assert Archive().find(run.id[:6]).going
        run.stop()
        end = all_events(run.events)[-1]
        assert (end["result"], end["exit_code"]) == ("cancelled", 130)
        assert Archive().find(run.id).result == "cancelled"


def test_commands_have_their_grace_and_none_if_killed(tmp_path: Path) -> None:
    stubborn = GOES_ON.replace(
        'cmd("sleep 600")', "cmd(\"trap '' TERM; echo ready; while :; do sleep 1; done\")"
    )
    with started(tmp_path, stubborn, grace=500.0) as run:
        lines_until(run.events, b"ready")
        run.stop()
        lines_until(run.events, b'{"event":"stopping"')
        run.kill()
        assert all_events(run.events)[-1]["result"] == "cancelled"


STARTS = """
import os, sys, time
from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.starting import start
from sloth_tui.settings import Settings
run = start(RunRequest(sys.argv[1], "local"), settings=Settings())
while not any(b"begun" in line for line in run.events.lines()): time.sleep(0.01)
{then}
print(run.id, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(("then", "result"), [("pass", "cancelled"), ("run.leave()", "going")])
def test_a_run_ends_with_who_started_it_unless_it_was_left(tmp_path: Path, then: str, result: str) -> None:
    file = tmp_path / "tasks.lua"
    file.write_text(GOES_ON)
    script = STARTS.format(then=then)
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    archive = Archive()
    run = done.stdout.strip()
    if result == "going":
        assert archive.stop(archive.find(run), wait=True)
    wait_until(lambda: not archive.find(run).going)
    ended = archive.find(run)
    assert ended.result == "cancelled"
    assert not archive.stop(ended)


def test_a_run_whose_keeper_is_killed_is_lost(tmp_path: Path) -> None:
    with started(tmp_path, GOES_ON) as run:
        lines_until(run.events, b"begun")
        pid = wait_until(lambda: Archive().find(run.id).pid)
        os.kill(pid, signal.SIGKILL)
        assert all_events(run.events) == []
        kept = Archive().find(run.id)
        assert (kept.result, kept.exit_code) == (LOST, None)
        assert kept.error is not None
        assert "killed" in kept.error


def test_a_run_is_not_kept_after_its_end_if_none_is(tmp_path: Path, base: Path) -> None:
    with started(tmp_path, WRITES, Settings(keep_runs=0)) as run:
        assert all_events(run.events)[-1]["result"] == "done"
        assert run.wait(60)
        assert Archive().runs() == []
        assert list((base / "runs").iterdir()) == []


def test_without_a_base_directory_a_run_goes_on_and_says_that_it_is_not_kept(
    tmp_path: Path, base: Path
) -> None:
    base.mkdir()
    (base / "runs").write_text("no directory")
    with started(tmp_path, GOES_ON.replace('cmd("sleep 600")', "")) as run:
        assert run.problem == f"{base}/runs: not a directory"
        assert all_events(run.events)[-1]["result"] == "done"


def test_nothing_of_a_run_that_is_not_kept_is_left_when_its_keeper_is_killed(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.mkdir()
    (base / "runs").touch()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with started(tmp_path, GOES_ON) as run:
        lines_until(run.events, b"begun")
        os.kill(run._pid, signal.SIGKILL)
        assert all_events(run.events) == []
    assert os.listdir(tmp_path / "temporary") == []


def test_the_archive_finds_no_run_in_what_is_no_directory(base: Path) -> None:
    base.mkdir()
    (base / "runs").touch()
    with pytest.raises(DatabaseUnusable, match="not a directory"):
        Archive().runs()
    with pytest.raises(DatabaseUnusable, match="not a directory"):
        Archive().find("0" * 12)
