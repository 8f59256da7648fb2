"""Which tasks a file has, without running any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import TaskFileError, TaskTimeout
from sloth_tui.runner.plan import Task
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.listing import list_tasks
from tests.runner.support import write

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = "run = function() end"


def test_list_tells_the_plan_and_runs_nothing(tmp_path: Path, base: Path) -> None:
    text = """
        print("loading")
        task({name = "b", depends_on = {"a"}, delegate_to = values.host, timeout = 5, retries = 2,
              description = "second", run = function() print("ran") end})
        task({name = "a", run = function() print("ran") end})
    """
    path = write(tmp_path, text)
    assert list_tasks(RunRequest(path, "local", values={"host": "web1"})) == [
        Task("a", None, (), None, None, 0, "tasks.lua", 5),
        Task("b", "second", ("a",), "web1", 5.0, 2, "tasks.lua", 3),
    ]
    assert not base.exists()


def test_list_refuses_to_write(tmp_path: Path, base: Path) -> None:
    path = write(tmp_path, f'state.set("a", 1) task({{name = "x", {NOTHING}}})')
    with pytest.raises(TaskFileError, match=r"tasks\.lua:1: state\.set: "):
        list_tasks(RunRequest(path, "local"))
    assert not base.exists()


def test_list_of_a_bad_file_raises(tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match="unexpected symbol"):
        list_tasks(RunRequest(write(tmp_path, "x ="), "local"))
    with pytest.raises(TaskFileError, match="no such file"):
        list_tasks(RunRequest(str(tmp_path / "gone.lua"), "local"))


@pytest.mark.slow
def test_list_of_a_file_that_never_ends_times_out(tmp_path: Path) -> None:
    with pytest.raises(TaskTimeout, match=r"loading took longer than 0\.2s"):
        list_tasks(RunRequest(write(tmp_path, "while true do end"), "local", timeout=0.2))


def test_list_that_reads_a_store_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, f'state.get("a") task({{name = "x", {NOTHING}}})')
    with pytest.raises(TaskFileError, match="agent 'web1' has no database"):
        list_tasks(RunRequest(path, "web1"))
