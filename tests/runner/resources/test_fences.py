"""A task that holds locks changes nothing once one of them is lost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import Resource
from tests.runner.support import FAILS, run_task, write

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.support import Told

LOSE = """
from sloth_tui.store import open_store

with open_store("local", "write") as store:
    store.release("mine", "me")
"""


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    for made in ("src", "d"):
        (work / made).mkdir(parents=True)
    (work / "old").write_text("old")
    (work / "src" / "f").write_text("f")
    monkeypatch.chdir(work)
    return work


def without_lock(tmp_path: Path, acts: str) -> Told:
    """Run a task that takes two locks, loses one, and acts."""
    lose = f"'{sys.executable}' '{write(tmp_path, LOSE, 'lose.py')}'"
    body = f"""
        {FAILS}
        state.lock("mine", "me", 60)
        state.lock("other", "me", 60)
        cmd({{command = values.lose, changed = false}})
        {acts}
        state.unlock("other", "me")
    """
    told = run_task(tmp_path, body, values={"lose": lose})
    assert told.end.result == "done", told.errors
    return told


def everything(top: Path) -> dict[str, object]:
    return {
        str(path): (path.lstat().st_ino, path.lstat().st_mode, path.lstat().st_ctime_ns)
        for path in [top, *top.rglob("*")]
    }


ACTS = {
    "cmd": 'cmd("touch ran")',
    "file.copy": 'file.copy({src = "old", dest = "new"})',
    "file.write": 'file.write({path = "old", content = "old", mode = "0777"})',
    "file.template": 'file.template({content = "x", dest = "old"})',
    "file.line": 'file.line({path = "old", line = "new"})',
    "file.block": 'file.block({path = "old", name = "b", block = "c"})',
    "file.directory": 'file.directory("x/y")',
    "file.link": 'file.link({path = "l", to = "old"})',
    "file.absent": 'file.absent("d")',
    "file.remove": 'file.remove("old")',
    "file.tree": 'file.tree({src = "src", dest = "d"})',
}


@pytest.mark.slow
def test_no_act_is_done_without_the_lock(tmp_path: Path, directory: Path) -> None:
    before = everything(directory)
    told = without_lock(tmp_path, "\n".join(f"fails(function() {act} end)" for act in ACTS.values()))
    assert told.lines == [f"{call}: lock 'mine' lost: it is not held" for call in ACTS]
    assert everything(directory) == before
    assert [event.what for event in told.of(Resource) if event.changed] == []


def test_what_only_looks_is_done_without_the_lock(tmp_path: Path) -> None:
    reads = """
        print(file.read("old"), file.exists("no"))
        print(file.write("old", "old").changed, file.directory("d").changed, file.absent("no").changed)
        cmd({command = "echo read", changed = false})
    """
    assert without_lock(tmp_path, reads).lines == ["old\tfalse", "false\tfalse\tfalse", "read"]


def test_with_its_locks_a_task_acts(tmp_path: Path, directory: Path) -> None:
    body = 'state.with_lock("mine", "me", 60, function() ' + "\n".join(ACTS.values()) + " end)"
    told = run_task(tmp_path, body)
    assert told.end.result == "done", told.errors
    assert (directory / "ran").exists()
    assert not (directory / "old").exists()


def test_locks_of_earlier_tasks_do_not_matter(tmp_path: Path, directory: Path) -> None:
    from tests.runner.support import run_text

    lose = f"'{sys.executable}' '{write(tmp_path, LOSE, 'lose.py')}'"
    text = """
        task({name = "takes", run = function()
            state.lock("mine", "me", 60)
            cmd({command = values.lose, changed = false})
        end})
        task({name = "acts", run = function() file.write("new", "x") end})
    """
    told = run_text(tmp_path, text, values={"lose": lose})
    assert told.end.result == "done", told.errors
    assert (directory / "new").read_text() == "x"
