"""A database that every user of the machine can change is used, and that is said."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cli.support import on_terminal
from tests.store.sqlite.others import make_ours

if TYPE_CHECKING:
    from pathlib import Path


def command(*words: str) -> tuple[int, str, str]:
    """A process of its own: a warning is given once in each."""
    done = subprocess.run(
        [sys.executable, "-m", "sloth_tui", *words], capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def warning(*places: Path) -> str:
    named = " and ".join(map(str, places))
    return f"warning: every user can change {named}: chmod go-rwx {' '.join(map(str, places))}\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [("state", "get", "key"), ("state", "list", "-o", "keys"), ("lock", "list")]
)
def test_a_directory_and_a_file_open_to_all_are_told_once(base: Path, words: tuple[str, ...]) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    shown = command(*words)[1]
    assert command(*words) == (0, shown, "")
    path.chmod(0o666)
    assert command(*words) == (0, shown, warning(path))
    path.parent.chmod(0o777)
    assert command(*words) == (0, shown, warning(path.parent, path))
    base.chmod(0o777)
    assert command(*words) == (0, shown, warning(base, path.parent, path))


def test_what_is_given_follows_the_hint(base: Path) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    path.chmod(0o666)
    path.parent.chmod(0o777)
    hint = command("state", "get", "key")[2].partition(": chmod ")[2]
    subprocess.run(["/bin/sh", "-c", f"chmod {hint}"], check=True, timeout=60)
    assert command("state", "get", "key") == (0, "value\n", "")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_file_for_a_group_is_nobodys_business(base: Path, mode: int) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    path.chmod(mode)
    assert command("state", "get", "key") == (0, "value\n", "")


def test_who_reads_and_then_writes_is_warned_once(base: Path) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    path.chmod(0o666)
    assert command("state", "delete", "key", "--yes")[2] == warning(path)


def test_a_run_warns_once_and_its_events_are_as_ever(base: Path, tmp_path: Path) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    path.chmod(0o666)
    tasks = tmp_path / "tasks.lua"
    tasks.write_text('task({name = "t", run = function() state.set("n", 1) end})')
    code, out, err = command("run", str(tasks), "-o", "jsonl")
    assert (code, err) == (0, warning(path))
    assert all(line.startswith("{") for line in out.splitlines())


def test_on_a_terminal_too(base: Path) -> None:
    path = base / "state" / "local.db"
    make_ours(path)
    path.chmod(0o666)
    assert on_terminal("state", "get", "key").err.splitlines() == [warning(path).strip()]
