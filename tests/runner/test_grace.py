"""Commands that are asked to end: once, and with time to do it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.processes import find_descendants, processes
from tests.cli.support import piped
from tests.runner.support import lines_of, run_task, within_limits, write
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sloth_tui.runner.processes import Process

pytestmark = pytest.mark.slow

CLEANS = """
    cmd("trap 'echo begin; (trap \\"echo helper asked\\" TERM; sleep 0.5); sleep 0.1; rm -f pidfile; "
        .. "echo end; exit 0' TERM; touch pidfile; echo ready; while :; do sleep 0.05; done")
"""
IGNORES = "cmd([[trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done]])"


def task(directory: Path, body: str, fields: str = "") -> str:
    return write(directory, f'task({{name = "a", {fields} run = function() {body} end}})')


def run(path: str, *options: str, act: Callable[[subprocess.Popen[str], str], None] | None = None):  # type: ignore[no-untyped-def]
    """Exit code, stdout and stderr; ``act`` is called with each line of output."""
    with subprocess.Popen(
        [sys.executable, "-m", "sloth_tui", "run", path, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=os.path.dirname(path),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        shown = []
        for line in process.stdout:
            shown.append(line.strip())
            if act is not None:
                act(process, line.strip())
        return process.wait(), shown, process.stderr.read()


def has_begun(ended: tuple[int, list[str], str]) -> bool:
    return "ready" in ended[1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_stopped_cleans_up_and_is_heard(tmp_path: Path, number: int) -> None:
    def stop(process: subprocess.Popen[str], line: str) -> None:
        if line == "ready":
            process.send_signal(number)

    code, shown, error = run(task(tmp_path, CLEANS), "--grace", "60", act=stop)
    assert (code, error) == (128 + number, "error: the run was stopped\n")
    assert [line for line in shown if line in ("begin", "end", "helper asked")] == ["begin", "end"]
    assert not (tmp_path / "pidfile").exists()


@pytest.mark.parametrize(
    ("fields", "options", "code"),
    [("timeout = @,", (), 124), ("", ("--timeout", "@"), 124)],
    ids=["task", "run"],
)
def test_a_limit_gives_commands_time(
    tmp_path: Path, fields: str, options: tuple[str, ...], code: int
) -> None:
    def attempt(seconds: str) -> tuple[int, list[str], str]:
        limit = [option.replace("@", seconds) for option in options]
        return run(task(tmp_path, CLEANS, fields.replace("@", seconds)), "--grace", "60", *limit)  # type: ignore[no-any-return]

    found, shown, _ = within_limits(attempt, lambda ended: "ready" in ended[1])
    assert found == code
    assert [line for line in shown if line in ("begin", "end", "helper asked")] == ["begin", "end"]
    assert not (tmp_path / "pidfile").exists()


def test_a_commands_own_limit_gives_it_time(tmp_path: Path) -> None:
    body = CLEANS.replace("cmd(", "print(pcall(cmd, {timeout = @, grace = 60, command = ").replace(
        'done")', 'done"}))'
    )
    body = body.replace("pidfile", f"{tmp_path}/pidfile")
    shown = within_limits(
        lambda seconds: lines_of(tmp_path, body.replace("@", seconds)), lambda shown: "ready" in shown
    )
    assert [line for line in shown if line in ("begin", "end", "helper asked")] == ["begin", "end"]
    assert not (tmp_path / "pidfile").exists()


@pytest.mark.parametrize("own", [True, False])
def test_a_command_is_asked_once_and_killed_after_its_grace(tmp_path: Path, own: bool) -> None:
    body = IGNORES
    if own:
        body = body.replace("cmd([[", "cmd({grace = @, command = [[").replace("]])", "]]})")

    def attempt(seconds: str) -> tuple[int, list[str], str]:
        path = task(tmp_path, body.replace("@", seconds))
        return run(path, "--timeout", seconds, "--grace", "100" if own else seconds)  # type: ignore[no-any-return]

    code, shown, _ = within_limits(attempt, lambda ended: "asked" in ended[1])
    assert code == 124
    assert shown.count("asked") == 1
    assert any(line.startswith("stopping: waiting up to ") for line in shown)


def test_a_second_stop_kills_at_once(tmp_path: Path) -> None:
    def stop(process: subprocess.Popen[str], line: str) -> None:
        if line == "ready" or json.loads(line).get("text") == "ready" or '"stopping"' in line:
            process.send_signal(signal.SIGINT)

    code, shown, error = run(task(tmp_path, IGNORES), "--grace", "10000", "-o", "jsonl", act=stop)
    assert (code, error) == (130, "error: the run was stopped\n")
    events = [json.loads(line) for line in shown]
    (stopping,) = [event for event in events if event["event"] == "stopping"]
    assert stopping["processes"] >= 1
    assert [event["text"] for event in events if event["event"] == "task_output"].count("asked") == 1


def test_no_grace_kills_at_once(tmp_path: Path) -> None:
    code, shown, _ = within_limits(
        lambda seconds: run(task(tmp_path, IGNORES), "--grace", "0", "--timeout", seconds), has_begun
    )
    assert (code, "asked" in shown) == (124, False)


@pytest.mark.parametrize("output", ["", ">/dev/null 2>&1"], ids=["heard", "silent"])
def test_what_a_run_leaves_is_asked_at_its_end_and_given_time(tmp_path: Path, output: str) -> None:
    body = f"""
        cmd([[(trap 'echo one; echo two; sleep 0.2; echo x > {tmp_path}/cleaned; exit' TERM
               echo > {tmp_path}/trapped; while :; do sleep 0.05; done) {output} &
              while [ ! -e {tmp_path}/trapped ]; do sleep 0.02; done]])
    """
    told = run_task(tmp_path, body, grace=60.0)
    assert told.end.result == "done"
    assert told.warnings != []
    assert (tmp_path / "cleaned").exists()


def test_configuration_says_how_long(tmp_path: Path, base: Path) -> None:
    base.mkdir()
    (base / "config.toml").write_text("[run]\ngrace = 0\n")
    path = task(tmp_path, IGNORES)
    code, shown, _ = within_limits(lambda seconds: run(path, "--timeout", seconds), has_begun)
    assert (code, "asked" in shown) == (124, False)
    code, shown, _ = within_limits(
        lambda seconds: run(path, "--timeout", seconds, "--grace", seconds), lambda ended: "asked" in ended[1]
    )
    assert (code, "asked" in shown) == (124, True)


@pytest.mark.parametrize("word", ["-1", "nan", "inf", "soon", "2592001"])
def test_a_wrong_grace_is_refused(tmp_path: Path, base: Path, word: str) -> None:
    done = piped("run", task(tmp_path, "print('ran')"), "--grace", word)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert "--grace" in done.err
    base.mkdir()
    value = '"soon"' if word == "soon" else word
    (base / "config.toml").write_text(f"[run]\ngrace = {value}\n")
    done = piped("run", task(tmp_path, "print('ran')"))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {base}/config.toml")
    assert ": run.grace: " in done.err


@pytest.mark.parametrize("grace", ["-1", "0/0", "1/0", "2592001"])
def test_a_wrong_grace_of_a_command_is_refused(tmp_path: Path, grace: str) -> None:
    told = run_task(tmp_path, f"cmd({{command = 'true', grace = {grace}}})")
    assert told.errors["only"] == "tasks.lua:2: cmd: grace must be 0 or more seconds, at most 30 days"


ALONE = """
    cmd("trap 'echo asked >> asked; (trap \\"echo asked >> asked\\" TERM; sleep 0.5); "
        .. "echo > cleaned; exit' TERM; "
        .. "setsid env -i PATH=$PATH sh -c 'trap \\"echo x >> other; exit\\" TERM; echo > up; "
        .. "while :; do sleep 0.05; done' & while [ ! -e up ]; do sleep 0.05; done; "
        .. "echo ready; while :; do sleep 0.05; done")
"""
"""A command with another in a session of its own, which nothing marks as part of the run."""


def run_until_ready(path: str, *options: str) -> list[Process]:
    """Run the file, kill its supervisor when a command says "ready", and return what it leaves running."""
    below: list[Process] = []

    def kill(process: subprocess.Popen[str], line: str) -> None:
        if line == "ready":
            below.extend(find_descendants(process.pid))
            process.kill()

    code, _, _ = run(path, *options, act=kill)
    assert code == -signal.SIGKILL
    assert len(below) >= 4
    return below


def wait_for_end(below: list[Process]) -> None:
    pids = {process.pid for process in below}
    wait_until(lambda: pids.isdisjoint(process.pid for process in processes()), what="the end of the run")


def test_a_run_that_loses_its_supervisor_asks_its_commands_once_and_gives_them_time(tmp_path: Path) -> None:
    wait_for_end(run_until_ready(task(tmp_path, ALONE), "--grace", "60"))
    assert (tmp_path / "asked").read_text() == "asked\n"
    assert (tmp_path / "other").read_text() == "x\n"
    assert (tmp_path / "cleaned").exists()


@pytest.mark.parametrize("own", [True, False], ids=["command", "run"])
def test_a_run_that_loses_its_supervisor_kills_what_does_not_end_in_its_grace(
    tmp_path: Path, own: bool
) -> None:
    body = "cmd([[trap 'echo >> asked' TERM; echo ready; while :; do sleep 0.05; done]])"
    if own:
        body = body.replace("cmd([[", "cmd({grace = 0.3, command = [[").replace("]])", "]]})")
    wait_for_end(run_until_ready(task(tmp_path, body), "--grace", "1000" if own else "0.3"))
    assert (tmp_path / "asked").read_text() == "\n"


def test_a_run_without_grace_that_loses_its_supervisor_asks_nobody(tmp_path: Path) -> None:
    body = "cmd([[trap 'echo >> asked' TERM; echo ready; while :; do sleep 0.05; done]])"
    wait_for_end(run_until_ready(task(tmp_path, body), "--grace", "0"))
    assert not (tmp_path / "asked").exists()
