"""Files written for the Go program: each form in a file of its own, run twice.

What a file does stands at its end. ``prints`` is all of its output (``again`` that of the second run, if it
is another one), ``warns``, ``fails`` and ``skips`` are all of these, ``runs`` is the order of the tasks.
$DIR, $ME and $RUN stand for what is not the same everywhere.
"""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.runner.support import run_file

if TYPE_CHECKING:
    from tests.runner.support import Told

FILES = Path(__file__).parent / "files"
NAMES = sorted(str(path.relative_to(FILES)) for path in FILES.glob("*/*.sloth"))
ME = pwd.getpwuid(os.getuid()).pw_name

pytestmark = pytest.mark.slow


def expected(text: str, word: str, place: Path) -> list[str]:
    """Return what the lines ``-- WORD: ...`` say."""
    start = f"-- {word}: "
    lines = [line.removeprefix(start) for line in text.splitlines() if line.startswith(start)]
    for name, value in {"$DIR": str(place), "$ME": ME, "\\n": "\n"}.items():
        lines = [line.replace(name, value) for line in lines]
    return lines


def check(told: Told, text: str, place: Path, prints: str) -> None:
    output = [line.replace("$RUN", told.end.run) for line in expected(text, prints, place)]
    assert "\n".join(told.lines).rstrip("\n") == "\n".join(output).rstrip("\n"), told.errors or told.end
    assert told.warnings == expected(text, "warns", place)
    fails = dict(_named(line) for line in expected(text, "fails", place))
    skips = expected(text, "skips", place)
    results = {name: result for name, result in told.results.items() if result != "done"}
    assert results == {**dict.fromkeys(fails, "failed"), **dict.fromkeys(skips, "skipped")}
    assert {name: told.errors[name] for name in fails} == fails
    assert told.end.result == ("failed" if fails else "done"), told.end
    runs = " ".join(expected(text, "runs", place))
    assert not runs or told.order == runs.split()


def _named(line: str) -> tuple[str, str]:
    """Split a task's name, which may contain a colon, from its error."""
    name, _, error = line.partition(": ")
    return name, error


def test_there_are_forty_files() -> None:
    assert len(NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_a_file_does_twice_what_it_says(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (FILES / name).read_text("utf-8")
    path = str(shutil.copy(FILES / name, tmp_path))
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(tmp_path)
    values = {"at": str(place), "me": ME, "place": "local"}
    check(run_file(path, values=values), text, place, "prints")
    check(run_file(path, values=values), text, place, "again" if "\n-- again: " in text else "prints")
