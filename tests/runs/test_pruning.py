"""How many runs are kept, for how long, and in how much space."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import SlothError
from sloth_tui.runner.events import RunFinished
from sloth_tui.runner.request import RunRequest
from sloth_tui.runs.archive import Archive
from sloth_tui.runs.folder import RunFolder
from sloth_tui.runs.model import new_run
from sloth_tui.runs.pruning import conclude, prune
from sloth_tui.runs.recording import Recorder
from sloth_tui.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400
KEPT = [f"{number:012x}" for number in range(5)]
"""The oldest first."""


def make(base: Path, run: str, age: float, size: int = 0) -> RunFolder:
    """Make a run that goes on until its folder is closed, and whose last event is so many seconds old."""
    known = new_run(RunRequest("a.lua", "local"), run, None, "")._replace(started=time.time() - age)
    folder = RunFolder.create(str(base), known)
    Recorder(folder, known, lambda key: False).take(RunFinished(run, "done", 0, 0.1, None, None))
    os.write(folder.events, b"x" * size)
    os.utime(folder.events, (time.time() - age,) * 2)
    return folder


@pytest.fixture
def five(base: Path) -> Path:
    for number, run in enumerate(KEPT):
        make(base, run, age=(5 - number) * DAY - 100, size=200_000).close()
    return base


def left() -> list[str]:
    return sorted(run.id for run in Archive().runs())


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        (Settings(), KEPT),
        (Settings(keep_runs=5), KEPT),
        (Settings(keep_runs=2), KEPT[3:]),
        (Settings(keep_runs_days=2.5), KEPT[3:]),
        (Settings(keep_runs_days=0.5), []),
        (Settings(keep_runs_size=0.5), KEPT[3:]),
        (Settings(keep_runs_size=0), KEPT[4:]),
        (Settings(keep_runs=0), []),
    ],
)
def test_the_oldest_go_first(five: Path, settings: Settings, kept: list[str]) -> None:
    assert Archive().prune(settings) == len(KEPT) - len(kept)
    assert left() == kept


def test_a_run_that_goes_on_is_never_removed(five: Path) -> None:
    going = make(five, "f" * 12, age=400 * DAY)
    prune(str(five), (0, 0.0, 0.0))
    assert left() == ["f" * 12]
    going.close()
    prune(str(five), (0, 0.0, 0.0))
    assert left() == []


def test_a_folder_that_is_made_just_now_is_left_alone(five: Path) -> None:
    os.mkdir(five / "runs" / ("a" * 12))
    os.mkdir(five / "runs" / ("b" * 12))
    os.utime(five / "runs" / ("b" * 12), (1.0, 1.0))
    prune(str(five), (0, 0.0, 0.0))
    assert [path.name for path in (five / "runs").iterdir()] == ["a" * 12]


def test_the_end_of_a_run_removes_what_is_too_much(five: Path) -> None:
    last = make(five, "f" * 12, age=0)
    conclude(str(five), last.path, (3, 30.0, 1024.0))
    last.close()
    assert left() == [*KEPT[3:], "f" * 12]


def test_the_end_of_a_run_does_not_look_at_all_others_each_time(five: Path) -> None:
    last = make(five, "f" * 12, age=0)
    conclude(str(five), last.path, (10, 30.0, 1024.0))
    os.utime(five / "runs" / KEPT[4] / "events.jsonl", (1.0, 1.0))
    conclude(str(five), last.path, (10, 30.0, 1024.0))
    assert KEPT[4] in left()
    os.utime(five / "runs" / ".pruned", (1.0, 1.0))
    conclude(str(five), last.path, (10, 30.0, 1024.0))
    assert KEPT[4] not in left()
    last.close()


def test_the_mark_of_the_last_look_is_not_waited_for(five: Path) -> None:
    os.mkfifo(five / "runs" / ".pruned")
    assert Archive().prune(Settings(keep_runs=2)) == 3


def test_a_removed_folder_that_is_a_link_is_left_alone(five: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "events.jsonl").touch()
    os.utime(tmp_path / "elsewhere" / "events.jsonl", (1.0, 1.0))
    (five / "runs" / ("e" * 12)).symlink_to(tmp_path / "elsewhere")
    prune(str(five), (0, 0.0, 0.0))
    assert (tmp_path / "elsewhere" / "events.jsonl").exists()


def test_to_forget_a_run_behind_a_link_removes_nothing(five: Path, tmp_path: Path) -> None:
    folder = five / "runs" / KEPT[0]
    folder.rename(tmp_path / KEPT[0])
    folder.symlink_to(tmp_path / KEPT[0])
    with pytest.raises(SlothError, match=f"{KEPT[0]} cannot be removed"):
        Archive().forget(KEPT[0])
    assert sorted(os.listdir(tmp_path / KEPT[0])) == ["events.jsonl", "run.json"]
