"""``runs attach`` and ``runs stop``: runs that go on, in processes of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runs.archive import Archive
from sloth_tui.settings import Settings
from tests.cli.support import on_terminal, piped
from tests.runner.support import write
from tests.runs.support import GOES_ON, lines_until, started
from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.runs.model import Run

pytestmark = pytest.mark.slow

SAYS_WHEN_TOLD = """
task({name = "t", run = function()
  print("begun")
  cmd("until test -e %s; do sleep 0.01; done")
  print("told")
  error("in the end")
end})
"""


@contextmanager
def program(*words: str, under: tuple[str, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*under, sys.executable, "-m", "sloth_tui", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def first_run() -> Run:
    """Return the one run, as soon as it has begun."""
    return wait_until(lambda: [run for run in Archive().runs() if run.pid])[0]


def test_a_run_can_be_followed_to_its_end_and_has_its_exit_code(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    with started(tmp_path, SAYS_WHEN_TOLD % sign) as run, program("runs", "attach", run.id) as attached:
        assert attached.stdout is not None
        seen = [attached.stdout.readline() for _ in range(3)]
        assert seen[2] == "  begun\n"
        sign.touch()
        rest, err = attached.communicate(timeout=A_MINUTE)
    assert rest.startswith("  told\n")
    assert (attached.returncode, err) == (20, "error: 1 task failed\n")
    assert piped("runs", "output", run.id).out == "".join(seen) + rest


def test_ctrl_c_leaves_the_run_alone_and_says_how_to_stop_it(tmp_path: Path) -> None:
    with started(tmp_path, GOES_ON) as run, program("runs", "attach", run.id) as attached:
        assert attached.stdout is not None
        while attached.stdout.readline() != "  begun\n":
            pass
        attached.send_signal(signal.SIGINT)
        _, err = attached.communicate(timeout=A_MINUTE)
        assert attached.returncode == 130
        assert err == f"run {run.id} goes on; sloth-runner runs stop {run.id} stops it\n"
        assert Archive().find(run.id).going
        refused = piped("runs", "undo", run.id)
        assert (refused.code, refused.err.splitlines()[0]) == (
            9,
            f"error: run {run.id} goes on: there is no end yet to take it back from",
        )
        refused = piped("runs", "forget", run.id, "--yes")
        assert (refused.code, refused.err.splitlines()[0]) == (
            9,
            f"error: run {run.id} goes on: nothing was forgotten",
        )
        assert piped("runs", "output", run.id).out.endswith("\n  begun\n")


def test_a_run_of_another_terminal_is_stopped(tmp_path: Path) -> None:
    file = write(tmp_path, GOES_ON)
    with program("run", file) as process:
        run = first_run()
        assert process.stdout is not None
        while process.stdout.readline() != "  begun\n":
            pass
        done = on_terminal("runs", "stop", run.id)
        assert (done.code, done.err) == (0, f"run {run.id} has ended: cancelled\n")
        out, err = process.communicate(timeout=A_MINUTE)
        assert (process.returncode, err) == (130, "error: the run was stopped\n")
        assert out.splitlines()[-1].startswith("run cancelled in ")


def test_a_run_of_nohup_goes_on_when_its_terminal_closes(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    file = write(tmp_path, SAYS_WHEN_TOLD % sign)
    with program("run", file, under=("nohup",)) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "  begun\n":
            pass
        process.send_signal(signal.SIGHUP)
        sign.touch()
        out, err = process.communicate(timeout=A_MINUTE)
    assert out.startswith("  told\n")
    assert (process.returncode, err) == (20, "error: 1 task failed\n")


def test_kill_does_not_wait_for_the_grace(tmp_path: Path) -> None:
    stubborn = "trap '' TERM INT; echo ready; while :; do sleep 1; done"
    with started(tmp_path, GOES_ON.replace("sleep 600", stubborn), grace=500.0) as run:
        wait_until(lambda: "ready" in piped("runs", "output", run.id).out)
        assert piped("runs", "stop", run.id, "--kill").code == 0
        assert Archive().find(run.id).result == "cancelled"


def test_a_run_whose_process_is_killed_is_lost_and_what_it_said_is_kept(tmp_path: Path) -> None:
    file = write(tmp_path, GOES_ON)
    with program("run", file) as process:
        run = first_run()
        wait_until(lambda: "begun" in piped("runs", "output", run.id).out)
        process.kill()
        process.wait()
        attached = piped("runs", "attach", run.id)
        assert attached.code == 1
        assert attached.out.endswith("\n  begun\n")
        words = "the process of the run ended without saying how: it was killed, or the machine went down"
        assert attached.err == f"error: {words}\n"
        assert piped("runs", "list").out.split("\t")[5] == "lost"
        assert piped("runs", "stop", run.id).code == 0


def test_no_signal_is_sent_to_a_process_that_has_the_pid_by_chance(tmp_path: Path) -> None:
    with started(tmp_path, GOES_ON) as run, subprocess.Popen(["sleep", "60"]) as bystander:
        try:
            true_pid = wait_until(lambda: Archive().find(run.id).pid)
            record = Path(os.environ["SLOTH_RUNNER_HOME"], "runs", run.id, "run.json")
            data = record.read_bytes()
            pid = f'"pid":{true_pid}'.encode()
            assert pid in data
            record.write_bytes(data.replace(pid, f'"pid":{bystander.pid}'.encode()))
            refused = piped("runs", "stop", run.id)
            assert refused.code == 9
            assert refused.err.startswith(f"error: run {run.id} goes on where this process cannot reach it")
            assert bystander.poll() is None
        finally:
            bystander.kill()


def test_its_exit_code_is_known_even_if_nothing_is_kept_after_its_end(tmp_path: Path, base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_text("[runs]\nkeep = 0\n")
    sign = tmp_path / "sign"
    settings = Settings(keep_runs=0)
    with (
        started(tmp_path, SAYS_WHEN_TOLD % sign, settings) as run,
        program("runs", "attach", run.id) as attached,
    ):
        assert attached.stdout is not None
        attached.stdout.readline()
        sign.touch()
        _, err = attached.communicate(timeout=A_MINUTE)
    assert (attached.returncode, err) == (20, "error: 1 task failed\n")
    assert Archive().runs() == []


def test_a_reader_that_goes_away_is_no_success(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    with started(tmp_path, SAYS_WHEN_TOLD % sign) as run, program("runs", "attach", run.id) as attached:
        assert attached.stdout is not None
        while attached.stdout.readline() != "  begun\n":
            pass
        attached.stdout.close()
        sign.touch()
        assert attached.wait(A_MINUTE) == 1
        assert attached.stderr is not None
        assert attached.stderr.read() == (
            f"error: the reader of the output went away, before run {run.id} ended\n"
        )


def test_stop_waits_for_the_end_even_if_the_folder_is_removed(tmp_path: Path, base: Path) -> None:
    sign = tmp_path / "sign"
    waits = "do sleep 0.01; done"
    polite = f"trap 'until test -e {sign}; {waits}; exit' TERM; echo ready; while :; {waits}"
    with started(tmp_path, GOES_ON.replace("sleep 600", polite), grace=500.0) as run:
        lines_until(run.events, b"ready")
        with program("runs", "stop", run.id) as stopping:
            lines_until(run.events, b'{"event":"stopping"')
            shutil.rmtree(base / "runs" / run.id)
            with pytest.raises(subprocess.TimeoutExpired):
                stopping.wait(0.3)
            sign.touch()
            assert stopping.wait(A_MINUTE) == 0
            # Its lock is given up last of all: what was written before can be read.
            assert any(b'"result":"cancelled"' in line for line in run.events.lines())


def test_kill_is_heard_by_a_process_that_hears_late(tmp_path: Path) -> None:
    stubborn = "trap '' TERM INT; echo ready; while :; do sleep 1; done"
    with started(tmp_path, GOES_ON.replace("sleep 600", stubborn), grace=500.0) as run:
        lines_until(run.events, b"ready")
        keeper = wait_until(lambda: Archive().find(run.id).pid)
        os.kill(keeper, signal.SIGSTOP)
        try:
            with program("runs", "stop", run.id, "--kill") as stopping:
                time.sleep(1.5)  # two signals that wait are one
                os.kill(keeper, signal.SIGCONT)
                assert stopping.wait(A_MINUTE) == 0
        finally:
            os.kill(keeper, signal.SIGCONT)
        assert Archive().find(run.id).result == "cancelled"
