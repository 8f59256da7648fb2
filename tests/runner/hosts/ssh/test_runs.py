"""Whole runs whose tasks act on hosts behind a real sshd: from the command line to what is left there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.ssh import marked, needs_sshd, stale_files
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ssh import Server

pytestmark = [needs_sshd, pytest.mark.usefixtures("server"), pytest.mark.slow]
RUN = [sys.executable, "-m", "sloth_tui", "run"]
WAITS = """
task({name = "waits", delegate_to = "web1", run = function()
  cmd([[trap 'echo asked; sleep 0.3; echo bye; exit 3' TERM
    setsid sleep 1000 & sleep 1000 & echo up; while :; do sleep 0.05; done]])
end})
"""


def write(directory: Path, text: str) -> str:
    path = directory / "tasks.lua"
    path.write_text(text)
    return str(path)


def start(path: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RUN, path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def is_up(process: subprocess.Popen[str]) -> bool:
    """Read what a run tells until its command is up; return False if it ends before."""
    assert process.stdout is not None
    for line in process.stdout:
        if "up" in line:
            return True
    process.stdout.close()
    process.wait(100)
    return False


def test_a_task_acts_where_it_is_delegated_to(tmp_path: Path) -> None:
    text = f"""
    task({{name = "a", delegate_to = "web1", run = function()
      local done = cmd("echo out; echo err >&2; exit 0")
      print(done.stdout == "out\\n", done.stderr == "err\\n", done.exit_code)
      print(cmd({{command = "exit 255", check = false}}).exit_code)
      print(cmd({{command = "false", creates = "{tmp_path}"}}).skipped)
      print(file.write({{path = "{tmp_path}/f", content = "x"}}).changed)
      print(file.write({{path = "{tmp_path}/f", content = "x"}}).changed, file.read("{tmp_path}/f"))
      print(cmd({{command = "echo here", delegate_to = "local"}}).stdout)
      cmd({{command = "echo there", delegate_to = "web2"}})
    end}})
    """
    done = subprocess.run(
        [*RUN, write(tmp_path, text)], capture_output=True, text=True, timeout=100, check=False
    )
    lines = [line[2:] for line in done.stdout.splitlines() if line.startswith("  ")]
    assert [line for line in lines if not line.startswith(("changed ", "done "))] == [
        "out",
        "! err",
        "true\ttrue\t0",
        "255",
        f"creates {tmp_path}",
        "true",
        "false\tx",
        "here",
        "here",
        "",
        "there",
    ]
    assert (done.returncode, done.stderr) == (0, "")
    assert wait_until(lambda: not stale_files())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("host.invalid", "cannot reach 'host.invalid': Could not resolve hostname"),
        ("-oProxyCommand=x", "is not a destination of ssh"),
    ],
    ids=["unknown", "option"],
)
def test_a_host_that_cannot_be_reached_fails_the_task_in_one_line(
    tmp_path: Path, name: str, message: str
) -> None:
    text = f'task({{name = "a", delegate_to = "{name}", run = function() cmd("true") end}})'
    done = subprocess.run(
        [*RUN, write(tmp_path, text)], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 20
    assert re.search(rf"failed in .*tasks.lua:1: cmd: .*{re.escape(message)}", done.stdout)


@pytest.mark.parametrize("how", ["INT", "TERM", "KILL", "timeout"])
def test_commands_there_end_with_the_run(tmp_path: Path, how: str) -> None:
    path = write(tmp_path, WAITS.replace("setsid", f"export OF_TEST={os.getpid()}.{tmp_path}; setsid"))
    mark = f"OF_TEST={os.getpid()}.{tmp_path}"
    # On a busy machine a short limit may be over before the command is up.
    for limit in ("2", "10", "60") if how == "timeout" else ("600",):
        process = start(path, "--timeout", limit)
        if is_up(process):
            break
    assert process.stdout is not None
    wait_until(lambda: len(marked(mark)) >= 2 or process.poll() is not None)
    if how != "timeout":
        process.send_signal(getattr(signal, f"SIG{how}"))
    rest = process.stdout.read()
    expected = {"INT": 130, "TERM": 143, "KILL": -9, "timeout": 124}[how]
    assert process.wait(100) == expected
    process.stdout.close()
    if how != "KILL":
        assert rest.count("asked") == 1
        assert "  bye" in rest.splitlines()
    wait_until(lambda: not marked(mark))
    wait_until(
        lambda: not [name for name in os.listdir("/tmp") if name.startswith(".sloth-") and _is_of(name, mark)]
    )
    wait_until(lambda: not stale_files())


def _is_of(directory: str, mark: str) -> bool:
    try:
        with open(f"/tmp/{directory}/1", encoding="utf-8", errors="replace") as file:
            return mark in file.read()
    except OSError:
        return False


@pytest.mark.parametrize("victim", ["run", "worker", "guard", "ssh", "sshd", "command"])
def test_whoever_is_killed_leaves_nothing_there(tmp_path: Path, server: Server, victim: str) -> None:
    mark = f"OF_TEST={os.getpid()}.{tmp_path}"
    path = write(tmp_path, WAITS.replace("setsid", f"export {mark}; setsid"))
    for _ in range(rounds(1, 50)):
        process = start(path)
        assert is_up(process)
        assert process.stdout is not None
        wait_until(lambda: len(marked(mark)) >= 2)
        for pid in _victims(victim, process.pid, server, mark):
            with suppress(ProcessLookupError):  # one may end with the other
                os.kill(pid, signal.SIGKILL)
        rest = process.stdout.read()
        assert process.wait(100) == {"run": -signal.SIGKILL}.get(victim, 20), rest
        process.stdout.close()
        wait_until(lambda: not marked(mark))
        wait_until(lambda: not stale_files())


def _victims(victim: str, pid: int, server: Server, mark: str) -> list[int]:
    from sloth_tui.runner.processes import find_descendants

    if victim == "run":
        return [pid]
    if victim == "command":
        return [found for found in marked(mark) if _name(found) == "sh"] or marked(mark)[:1]
    if victim == "sshd":
        return [each.pid for each in find_descendants(server.pid) if _name(each.pid) == "sshd"]
    below = find_descendants(pid)
    if victim == "ssh":
        return [each.pid for each in below if _name(each.pid) == "ssh"]
    keeper = next(each for each in below if each.parent == pid)
    guard = next(each for each in below if each.parent == keeper.pid)
    worker = next(each for each in below if each.parent == guard.pid)
    return [guard.pid if victim == "guard" else worker.pid]


def _name(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def test_two_runs_on_one_host_at_the_same_moment(tmp_path: Path) -> None:
    path = tmp_path / "tasks.lua"
    path.write_text(
        f"""
        task({{name = "t", delegate_to = "web1", run = function()
          for n = 1, 8 do
            file.write("{tmp_path}/shared", string.rep(run.id, 5000))
            file.write("{tmp_path}/" .. run.id .. n, "x")
            assert(cmd("echo $SLOTH_RUNNER_RUN; exit 0").stdout == run.id .. "\\n")
          end
        end}})
        """
    )
    both = [start(str(path)) for _ in range(2)]
    told = [process.communicate(timeout=100)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    text = (tmp_path / "shared").read_text()
    assert text == text[: len(text) // 5000] * 5000
    assert len([name for name in os.listdir(tmp_path) if not name.isalpha()]) == 16 + len(["tasks.lua"])
