"""Tasks that fail: what is said, and what still runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.events import TaskFinished
from tests.runner.support import run_text, stored

if TYPE_CHECKING:
    from pathlib import Path


FAILING = [
    # (body of a task, how its error begins, line of the body)
    ('error("boom")', "boom", 2),
    ('error({message = "tabled"})', "tabled", 2),
    ("error({code = 1})", "error object is a table without a text 'message'", 2),
    ("error()", "error without a message", 2),
    ('error("plain", 0)', "plain", 2),
    ('return false, "why"', "why", 1),
    ("return false", "returned false", 1),
    ("return false, {}", "error object is a table without a text 'message'", 1),
    ("local t = {} ; return t.x.y", "attempt to index a nil value (field 'x')", 2),
    ("local function f() return 1 + f() end f()", "stack overflow", 2),
    ('return state.set("k")', "state.set: value must not be nil", 1),
    ('pcall(state.set, "k") ; error("after")', "after", 2),
]


def test_failures_say_where(tmp_path: Path) -> None:
    tasks = (
        f'task({{name = "{number}", run = function()\n{body}\nend}})\n'
        for number, (body, _, _) in enumerate(FAILING)
    )
    told = run_text(tmp_path, "".join(tasks), keep_going=True)
    assert (told.end.result, told.end.exit_code) == ("failed", 20)
    assert len(told.errors) == len(FAILING)
    for number, (body, error, line) in enumerate(FAILING):
        place = 3 * number + line
        assert told.errors[str(number)].startswith(f"tasks.lua:{place}: {error}"), body


def test_a_traceback_shows_the_task_and_nothing_of_the_machinery(tmp_path: Path) -> None:
    text = """
        local function inner() state.set("k", nil) end
        local function outer() inner() end
        task({name = "only", run = function() state.with_lock("l", "h", 9, function() outer() end) end})
    """
    told = run_text(tmp_path, text)
    (trace,) = [event.trace for event in told.of(TaskFinished)]
    assert trace is not None
    places = [line.strip().split(": in")[0] for line in trace.splitlines() if "tasks.lua" in line]
    assert places == ["tasks.lua:2", "tasks.lua:3", "tasks.lua:4", "tasks.lua:4"]
    assert "sloth]" not in trace


def test_names_of_any_length_make_no_long_traceback(tmp_path: Path) -> None:
    name = "f" * 100_000
    text = f'function {name}() error("no") end task({{name = "a", run = function() {name}() return end}})'
    (trace,) = [event.trace for event in run_text(tmp_path, text).of(TaskFinished)]
    assert trace is not None
    assert max(map(len, trace.splitlines())) < 300


def test_a_task_that_is_one_of_our_functions_is_not_put_down_to_our_files(tmp_path: Path) -> None:
    told = run_text(tmp_path, 'task({name = "a", run = state.get})')
    assert told.errors["a"] == "state.get: key must be a string, got nil"


def test_nil_and_a_reason_is_no_failure_but_worth_a_warning(tmp_path: Path) -> None:
    told = run_text(tmp_path, 'task({name = "a", run = function() return nil, "not found" end})')
    assert told.end.result == "done"
    assert told.warnings == ["returned nil, 'not found'; to fail, return false and why"]


FAILURES = """
    task({name = "a", run = function() error("no") end})
    task({name = "b", depends_on = "a", run = function() print("b") end})
    task({name = "c", depends_on = "b", run = function() print("c") end})
    task({name = "d", run = function() print("d") end})
"""


def test_a_failure_skips_the_rest(tmp_path: Path) -> None:
    told = run_text(tmp_path, FAILURES)
    assert told.results == {"a": "failed", "b": "skipped", "c": "skipped", "d": "skipped"}
    assert told.errors["b"] == "depends on 'a', which failed"
    assert told.errors["c"] == "depends on 'b', which was skipped"
    assert told.errors["d"] == "'a' failed"
    assert told.end.error == "1 task failed, 3 skipped"
    assert told.lines == []


def test_keep_going_runs_what_does_not_depend_on_it(tmp_path: Path) -> None:
    told = run_text(tmp_path, FAILURES, keep_going=True)
    assert told.results == {"a": "failed", "b": "skipped", "c": "skipped", "d": "done"}
    assert told.end.exit_code == 20


def test_only_wanted_tasks_and_what_they_need(tmp_path: Path) -> None:
    text = FAILURES.replace('error("no")', "")
    assert run_text(tmp_path, text, tasks=("b",)).order == ["a", "b"]
    told = run_text(tmp_path, text, tasks=("x",))
    assert (told.end.exit_code, told.end.error) == (2, "no task is called 'x'")


def test_retries(tmp_path: Path) -> None:
    text = """
        task({name = "third-time", retries = 2, run = function()
            if state.increment("tries") < 3 then error("not yet") end
        end})
        task({name = "never", retries = 1, run = function() print("try") return false, "never" end})
    """
    told = run_text(tmp_path, text)
    assert told.results == {"third-time": "done", "never": "failed"}
    assert told.warnings == [
        "attempt 1 of 3 failed: tasks.lua:3: not yet",
        "attempt 2 of 3 failed: tasks.lua:3: not yet",
        "attempt 1 of 2 failed: tasks.lua:5: never",
    ]
    assert told.lines == ["try", "try"]
    assert stored() == {"tries": 3}


def test_a_file_that_fails_while_it_is_loaded_has_a_traceback(tmp_path: Path) -> None:
    told = run_text(tmp_path, 'local function boom() error("no") end\nboom()')
    assert told.end.exit_code == 2
    assert told.end.trace is not None
    assert "tasks.lua:1: in" in told.end.trace
    assert "tasks.lua:2: in" in told.end.trace
