"""Tasks with ``sources`` and ``creates``: they run only if something has changed since they succeeded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import TaskFinished, TaskStarted
from sloth_tui.store import open_store
from tests.runner.support import Told, run_file, run_text, stored, write

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

pytestmark = pytest.mark.slow

KEY = "task:up-to-date:build"
BUILD = """
task({name = "build", sources = "src/*.c", creates = "out/app", run = function()
  print("built")
  file.directory("out")
  file.write("out/app", file.read("src/a.c"))
end})
task({name = "ship", depends_on = "build", run = function() print("shipped") end})
"""


class Checkout:
    """A task file and the files around it; tasks start in the same directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write("src/a.c", "1")
        self.file = write(directory, BUILD)

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def run(self, **options: Any) -> Told:
        return run_file(self.file, **options)

    def runs(self, **options: Any) -> bool:
        """Run it; True if the task that builds has run. It must succeed."""
        told = self.run(**options)
        assert told.end.result == "done", told.errors
        return "built" in told.lines


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    (tmp_path / "checkout").mkdir()
    monkeypatch.chdir(tmp_path / "checkout")
    return Checkout(tmp_path / "checkout")


def test_an_up_to_date_task_is_done_and_what_depends_on_it_goes_on(checkout: Checkout) -> None:
    assert checkout.run().lines == ["built", "shipped"]
    told = checkout.run()
    assert told.lines == ["shipped"]
    assert told.results == {"build": "done", "ship": "done"}
    build, ship = told.of(TaskFinished)
    assert (build.up_to_date, build.changed, build.error) == (True, 0, None)
    assert not ship.up_to_date
    assert [event.task for event in told.of(TaskStarted)] == ["build", "ship"]
    assert told.end.exit_code == 0
    assert told.changes == []


def test_the_fingerprint_is_an_ordinary_key(checkout: Checkout) -> None:
    assert checkout.runs()
    fingerprint = stored()[KEY]
    assert isinstance(fingerprint, str)
    assert len(fingerprint) == 64
    assert set(fingerprint) <= set("0123456789abcdef")
    assert not checkout.runs()
    with open_store("local", "write") as store:
        store.delete(KEY)
    assert checkout.runs()
    with open_store("local", "write") as store:
        store.set(KEY, 5)
    assert checkout.runs()


def test_force_runs_all(checkout: Checkout) -> None:
    assert checkout.runs()
    assert checkout.runs(force=True)
    assert not checkout.runs()


# What makes it run again


def test_an_edited_source(checkout: Checkout) -> None:
    assert checkout.runs()
    checkout.write("src/a.c", "2")
    assert checkout.runs()
    checkout.write("src/b.c", "new")
    assert checkout.runs()
    assert not checkout.runs()


def test_an_edited_output(checkout: Checkout) -> None:
    assert checkout.runs()
    checkout.write("out/app", "edited")
    assert checkout.runs()
    assert not checkout.runs()


def test_a_deleted_output(checkout: Checkout) -> None:
    assert checkout.runs()
    (checkout.directory / "out" / "app").unlink()
    assert checkout.runs()
    assert not checkout.runs()


def test_another_definition(checkout: Checkout) -> None:
    assert checkout.runs()
    write(checkout.directory, BUILD.replace('print("built")', 'print("built", "better")'))
    assert checkout.run().lines == ["built\tbetter", "shipped"]


@pytest.mark.parametrize("late", [False, True], ids=["at once", "late"])
def test_another_module(checkout: Checkout, late: bool) -> None:
    require = 'require("lib.rules")'
    text = BUILD.replace('print("built")', f'print("built") {require}') if late else f"{require}\n{BUILD}"
    write(checkout.directory, text)
    checkout.write("lib/rules.lua", "return 1")
    assert checkout.runs()
    assert not checkout.runs()
    checkout.write("lib/rules.lua", "return 2")
    assert checkout.runs()
    assert not checkout.runs()


def test_a_module_that_an_earlier_task_loaded(checkout: Checkout) -> None:
    first = 'task({name = "first", run = function() require("other") end})\n'
    write(checkout.directory, first + BUILD)
    checkout.write("other.lua", "return 1")
    assert checkout.runs()
    assert not checkout.runs()
    assert not checkout.runs()


def test_other_values(checkout: Checkout) -> None:
    assert checkout.runs(values={"b": 1, "a": [2]})
    assert not checkout.runs(values={"a": [2], "b": 1})
    assert checkout.runs(values={"a": [2], "b": 2})


# What does not


def test_times_say_nothing(checkout: Checkout) -> None:
    assert checkout.runs()
    for path in ("src/a.c", "out/app", "tasks.lua"):
        os.utime(checkout.directory / path, (1, 1))
    assert not checkout.runs()
    for path in ("src/a.c", "out/app", "tasks.lua"):
        os.utime(checkout.directory / path)
    assert not checkout.runs()


def test_a_restored_source_is_the_old_one(checkout: Checkout) -> None:
    assert checkout.runs()
    checkout.write("src/a.c", "2")
    checkout.write("src/a.c", "1")
    assert not checkout.runs()


def test_nothing_is_written_by_a_task_that_finds_all_as_it_was(checkout: Checkout) -> None:
    assert checkout.runs()
    with open_store("local") as store:
        before = store.revision()
    assert not checkout.runs()
    assert checkout.runs(force=True)
    with open_store("local") as store:
        assert store.revision() == before


# What is not taken for success


def test_asking_stores_nothing(checkout: Checkout) -> None:
    assert checkout.runs(check=True)
    assert stored() == {}
    assert checkout.runs()


def test_a_check_knows_what_is_up_to_date(checkout: Checkout) -> None:
    told = checkout.run(check=True)
    assert told.end.exit_code == 10
    assert [key for key, _, _ in told.changes] == [KEY]
    assert checkout.runs()
    told = checkout.run(check=True)
    assert [event.up_to_date for event in told.of(TaskFinished)] == [True, False]
    assert told.end.exit_code == 0
    checkout.write("src/a.c", "2")
    told = checkout.run(check=True)
    assert [event.up_to_date for event in told.of(TaskFinished)] == [False, False]
    assert told.end.exit_code == 10


def test_a_check_predicts_the_fingerprint(checkout: Checkout) -> None:
    ((_, _, predicted),) = checkout.run(check=True).changes
    assert checkout.runs()
    assert stored() == {KEY: predicted}


def test_a_task_that_failed(checkout: Checkout) -> None:
    write(checkout.directory, BUILD.replace('print("built")', 'print("built") error("no luck")'))
    assert checkout.run().end.result == "failed"
    assert KEY not in stored()


def test_a_task_that_failed_after_it_had_succeeded(checkout: Checkout) -> None:
    text = BUILD.replace(
        'print("built")', 'print("built") if file.read("src/a.c") == "2" then error("no") end'
    )
    write(checkout.directory, text)
    assert checkout.runs()
    checkout.write("src/a.c", "2")
    assert checkout.run().end.result == "failed"
    assert checkout.run().end.result == "failed"


def test_a_source_that_was_edited_while_the_task_ran(checkout: Checkout) -> None:
    text = BUILD.replace(
        'file.directory("out")',
        'if not file.exists("out") then cmd("echo 2 > src/a.c") end\nfile.directory("out")',
    )
    write(checkout.directory, text)
    assert checkout.runs()
    assert checkout.runs()
    assert not checkout.runs()


def test_an_output_that_is_not_there_is_told(checkout: Checkout) -> None:
    write(checkout.directory, BUILD.replace('creates = "out/app"', 'creates = {"out/app", "out/doc"}'))
    told = checkout.run()
    assert told.end.result == "done"
    assert told.warnings == ["creates: 'out/doc' is not there, so that the task will run again"]
    assert checkout.runs()


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ('sources = "none/*"', "tasks.lua:2: sources: nothing matches 'none/*'"),
        ('sources = {"src/*.c", "*.h"}', "tasks.lua:2: sources: nothing matches '*.h'"),
        ('creates = "src"', "tasks.lua:2: creates: 'src': it is a directory"),
    ],
    ids=["none", "one", "directory"],
)
def test_what_can_never_be_up_to_date_is_an_error(checkout: Checkout, field: str, error: str) -> None:
    write(checkout.directory, BUILD.replace('sources = "src/*.c", creates = "out/app"', field))
    told = checkout.run()
    assert told.errors["build"] == error
    assert told.results == {"build": "failed", "ship": "skipped"}
    assert "built" not in told.lines


def test_a_task_may_have_only_sources_or_only_outputs(checkout: Checkout) -> None:
    write(checkout.directory, BUILD.replace(', creates = "out/app"', ""))
    assert checkout.runs()
    (checkout.directory / "out" / "app").unlink()
    assert not checkout.runs()
    write(checkout.directory, BUILD.replace('sources = "src/*.c", ', ""))
    assert checkout.runs()
    checkout.write("src/a.c", "2")
    assert not checkout.runs()
    checkout.write("out/app", "edited")
    assert checkout.runs()


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ("sources = 5", "task: sources must be a pattern or a list of patterns, got number"),
        ("sources = {5}", "task: sources must be a list of patterns; field 1 is a number"),
        ("creates = true", "task: creates must be a path or a list of paths, got boolean"),
        ('creates = ""', "task: creates must not be empty or contain NUL"),
    ],
    ids=["number", "list", "boolean", "empty"],
)
def test_wrong_fields_are_named(tmp_path: Path, field: str, error: str) -> None:
    told = run_text(tmp_path, f'task({{name = "a", {field}, run = function() end}})')
    assert told.end.error is not None
    assert error in told.end.error
    assert told.end.exit_code == 2


def test_each_attempt_is_one_of_the_same_task(checkout: Checkout) -> None:
    text = BUILD.replace("run = function()", "retries = 1, run = function()", 1)
    text = text.replace(
        'print("built")', 'print("built") attempt = (attempt or 0) + 1 if attempt == 1 then error("x") end'
    )
    write(checkout.directory, text)
    assert checkout.runs()
    assert not checkout.runs()
