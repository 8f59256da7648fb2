"""A task is told what cannot be read; it never finds a store empty that is not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.runner.support import write
from tests.store.sqlite.others import files_of, make_ours
from tests.store.unprivileged import WITHOUT_RIGHTS
from tests.store.unreadable import EMPTIED, leave_a_hot_journal
from tests.support import sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

CALLS = [
    "state.get",
    "state.exists",
    "state.list",
    "state.keys",
    "state.is_locked",
    "state.delete",
    "state.set",
]
EACH = """
task({name = "each", run = function()
  for _, name in ipairs({"get", "exists", "list", "keys", "is_locked", "delete", "set"}) do
    local ok, message = pcall(state[name], "key", "value")
    print(ok, ok or message)
  end
end})
"""
LOADING = (
    'if not state.exists("key") then print("install") end\ntask({name = "each", run = function() end})\n'
)


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [*WITHOUT_RIGHTS, sys.executable, "-m", "sloth_tui", "run", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


DOORS: list[list[str]] = [["--list"], ["--list", "-o", "jsonl"], []]
"""The options of a run that loads a file."""


def check_each_door(
    directory: Path, complaint: str, agent: str = "local", doors: list[list[str]] = DOORS
) -> None:
    """Each call of a task raises ``complaint``; a file that makes one on loading is not even listed."""
    done = run(write(directory, EACH), "--agent", agent)
    assert (done.returncode, done.stderr) == (0, "")
    answers = [line.strip() for line in done.stdout.splitlines() if "\t" in line]
    expected = [f"false\ttasks.lua:4: {call}: {complaint}" for call in CALLS]
    assert [answer[: len(line)] for answer, line in zip(answers, expected, strict=True)] == expected
    path = write(directory, LOADING, "loading.lua")
    for options in doors:
        done = run(path, "--agent", agent, *options)
        assert (done.returncode, done.stdout) == (2, "")
        (message,) = done.stderr.splitlines()
        assert message.startswith(f"error: loading.lua:1: state.exists: {complaint}")


@pytest.fixture
def path(base: Path) -> Path:
    path = base / "state" / "local.db"
    make_ours(path)
    return path


def test_a_directory_that_may_not_be_searched(path: Path, tmp_path: Path) -> None:
    path.parent.chmod(0)
    check_each_door(tmp_path, f"{path}: permission denied", doors=sweep(DOORS, DOORS[-1:]))
    path.parent.chmod(0o700)


def test_what_was_never_committed(path: Path, tmp_path: Path) -> None:
    leave_a_hot_journal(path, tmp_path)
    before = files_of(path)
    for file in path.parent.iterdir():
        file.chmod(0o400)
    path.parent.chmod(0o555)
    check_each_door(tmp_path, f"{path}: cannot be read (a writer left it half written")
    path.parent.chmod(0o700)
    assert files_of(path) == before


@pytest.mark.parametrize("empty", sweep(EMPTIED, EMPTIED[:2]))
def test_a_database_that_lost_its_content(path: Path, tmp_path: Path, empty: Callable[[Path], None]) -> None:
    empty(path)
    before = files_of(path)
    check_each_door(tmp_path, f"{path}: damaged: it is empty, and local.db-", doors=sweep(DOORS, DOORS[:1]))
    assert files_of(path) == before


def test_a_hard_link_under_either_name(path: Path, tmp_path: Path) -> None:
    second = path.with_name("second.db")
    os.link(path, second)
    before = files_of(second)
    for name in (path, second):
        check_each_door(tmp_path, f"{name}: a hard link", name.stem, sweep(DOORS, DOORS[-1:]))
    assert files_of(second) == before
    assert sorted(file.name for file in path.parent.iterdir()) == ["local.db", "second.db"]


LOOKING = """
task({name = "looking", run = function()
  for _, path in ipairs({"closed/file", "missing", "tasks.lua/missing"}) do
    for _, name in ipairs({"exists", "checksum"}) do
      print(name, pcall(file[name], path))
    end
  end
end})
"""


def test_a_file_that_may_not_be_looked_for_is_not_said_to_be_absent(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    closed = tmp_path / "closed"
    write(closed, "content", "file")
    closed.chmod(0)
    done = run(write(tmp_path, LOOKING))
    closed.chmod(0o700)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.strip() for line in done.stdout.splitlines() if "\t" in line] == [
        "exists\tfalse\ttasks.lua:5: file.exists: 'closed/file': Permission denied",
        "checksum\tfalse\ttasks.lua:5: file.checksum: 'closed/file': Permission denied",
        "exists\ttrue\tfalse",
        "checksum\ttrue\tnil",
        "exists\ttrue\tfalse",
        "checksum\ttrue\tnil",
    ]
