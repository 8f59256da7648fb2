"""Few descriptors and little memory: one line that names the limit, and exit code 1."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = {
    "get": "state get k",
    "list": "state list",
    "set": "state set k v",
    "lock": "lock acquire l --holder h --ttl 5",
    "agents": "agents",
    "run": "run {file}",
}


def limited(limit: str, command: str) -> subprocess.CompletedProcess[str]:
    text = f"ulimit -{limit}; exec {sys.executable} -m sloth_tui {command}"
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("files", range(5, 17))
@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_few_descriptors_are_enough_or_named(tmp_path: Path, command: str, files: int) -> None:
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "a", run = function() state.set("a", 1) end})')
    subprocess.run([sys.executable, "-m", "sloth_tui", "state", "set", "k", "v"], check=True)
    done = limited(f"n {files}", command.format(file=file))
    if done.returncode == 20:
        assert "too many open files (limit " in done.stdout
    elif done.returncode != 0:
        assert done.returncode == 1
        assert f"too many open files (limit {files}): raise it with ulimit -n\n" in done.stderr
        assert done.stderr.count("\n") == 1


def test_few_descriptors_for_a_run_are_named(tmp_path: Path) -> None:
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "a", run = function() end})')
    done = limited("n 10", f"run {file}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: too many open files (limit 10): raise it with ulimit -n\n"


def test_little_memory_for_a_run_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "a", run = function() end})')
    done = limited("v 24000", f"run {file}")
    assert done.returncode == 1
    assert "out of memory (limit 24000 KiB): raise it with ulimit -v\n" in done.stderr
    assert done.stderr.count("\n") == 1
