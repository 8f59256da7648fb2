"""Task files that are right, wrong or odd."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.lua import registry
from tests.runner.resources.support import Modules
from tests.runner.support import lines_of, run_file, run_text, write

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = "run = function() end"


def test_tasks_run_in_order_and_a_run_tells_its_story(tmp_path: Path) -> None:
    text = """
        print("loading")
        task({name = "last", depends_on = {"first", "second"}, run = function() print("c") end})
        task({name = "first", run = function() print("a") return true end})
        task({name = "second", depends_on = "first", run = function() print("b") return {changed = true} end})
    """
    told = run_text(tmp_path, text)
    assert told.order == ["first", "second", "last"]
    assert [type(event).__name__ for event in told.events] == [
        "TaskOutput",
        "RunStarted",
        *["TaskStarted", "TaskOutput", "TaskFinished"] * 3,
        "RunFinished",
    ]
    assert told.lines == ["loading", "a", "b", "c"]
    assert (told.end.result, told.end.exit_code, told.end.error) == ("done", 0, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("x = ", "tasks.lua:1: unexpected symbol near <eof>", None),
        ("\nerror('no')", "tasks.lua:2: no", None),
        ("local t = nil; t.x = 1", "tasks.lua:1: attempt to index a nil value (local 't')", None),
        ("-- nothing", "the file defines no tasks", "define one with task({name = ..., run = ...})"),
        (
            f"task({{name='a', {NOTHING}}})\ntask({{name='a', {NOTHING}}})",
            "tasks.lua:2: task 'a' is defined twice, first at tasks.lua:1",
            None,
        ),
        (
            f"task({{name='build', {NOTHING}}}) task({{name='b', depends_on='buidl', {NOTHING}}})",
            "tasks.lua:1: task 'b' depends on 'buidl', which is not defined",
            "did you mean 'build'?",
        ),
        (
            f"task({{name='a', depends_on='b', {NOTHING}}}) task({{name='b', depends_on='a', {NOTHING}}})",
            "tasks.lua:1: tasks depend on each other: a -> b -> a",
            None,
        ),
    ],
)
def test_a_file_that_cannot_be_run_is_one_line_and_exit_2(
    tmp_path: Path, text: str, error: str, hint: str | None
) -> None:
    told = run_text(tmp_path, text)
    assert (told.end.result, told.end.exit_code) == ("error", 2)
    assert (told.end.error, told.end.hint) == (error, hint)
    assert len(told.events) == 1


NO_TASKS = [
    # (argument of task, what is said of it)
    ("1", "task: needs a table of fields, got number"),
    ("{}", "task: name must be a string, got nil"),
    ("{name=''}", "task: name must not be empty"),
    ("{name='a\\nb', RUN}", "task: name must be one line of text"),
    ("{name='\\255', RUN}", "task: name is not UTF-8"),
    ("{name='x'}", "task 'x': run must be a function, got nil"),
    (
        "{name='x', dependson='y', RUN}",
        "task: unknown field 'dependson'; there are: "
        "name, run, description, depends_on, delegate_to, timeout, retries, sources, creates",
    ),
    ("{name='x', timeout=0, RUN}", "task: timeout must be more than 0 seconds"),
    ("{name='x', timeout='1', RUN}", "task: timeout must be a number of seconds, got string"),
    ("{name='x', retries=1.5, RUN}", "task: retries must be a whole number, got number"),
    ("{name='x', retries=-1, RUN}", "task: retries must be from 0 to 1000, got -1"),
    (
        "{name='x', depends_on={1}, RUN}",
        "task: depends_on must be a list of names; field 1 is a number",
    ),
    (
        "{name='x', depends_on={a='b'}, RUN}",
        "task: depends_on must be a list of names; field 1 is a nil",
    ),
    (
        "{name='x', depends_on=5, RUN}",
        "task: depends_on must be a task's name or a list of names, got number",
    ),
    ("{name=('x'):rep(257), RUN}", "task: name must not be longer than 256 characters, got 257"),
    ("{name='x', depends_on=LIST, RUN}", "task: depends_on must not have more than 100000 names"),
    (
        "{name='x', delegate_to={}, RUN}",
        "task: delegate_to is an empty list; name a host, or leave it out for this machine",
    ),
]


def test_a_task_that_is_none_says_which_field(tmp_path: Path) -> None:
    many = "local LIST = {} for n = 1, 100001 do LIST[n] = 'x' end"
    calls = (f"print(select(2, pcall(function() task({argument}) end)))" for argument, _ in NO_TASKS)
    text = "\n".join([many, *calls]).replace("RUN", NOTHING)
    told = run_text(tmp_path, f"{text}\ntask({{name = 'right', {NOTHING}}})")
    assert told.order == ["right"]
    assert told.lines == [f"tasks.lua:{line}: {complaint}" for line, (_, complaint) in enumerate(NO_TASKS, 2)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tasks.txt", "tasks", "tasks.lua.bak"])
def test_other_endings_are_refused(tmp_path: Path, name: str) -> None:
    told = run_file(write(tmp_path, "", name))
    assert told.end.exit_code == 2
    assert told.end.hint == "its name must end in .lua or .sloth"


def test_sloth_is_an_ending_as_well(tmp_path: Path) -> None:
    assert run_file(write(tmp_path, f"task({{name='a', {NOTHING}}})", "x.sloth")).end.exit_code == 0


@pytest.mark.slow
def test_missing_files_directories_and_pipes(tmp_path: Path) -> None:
    (tmp_path / "dir.lua").mkdir()
    os.mkfifo(tmp_path / "pipe.lua")
    for name, reason in [
        ("gone.lua", "no such file"),
        ("dir.lua", "is a directory"),
        ("pipe.lua", "not a regular file"),
    ]:
        told = run_file(str(tmp_path / name))
        assert told.end.exit_code == 2
        assert reason in str(told.end.error)


def test_a_first_line_for_the_shell_and_a_byte_order_mark_keep_line_numbers(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf#!/usr/bin/env sloth-runner\nerror('here')"
    assert run_text(tmp_path, text).end.error == "tasks.lua:2: here"


def test_bytecode_is_no_task_file(tmp_path: Path) -> None:
    told = run_text(tmp_path, b"\x1bLua\x54\x00\x19\x93\r\n\x1a\n")
    assert told.end.exit_code == 2
    assert told.end.error == "tasks.lua: attempt to load a binary chunk (mode is 't')"


def test_a_syntax_error_in_a_huge_line_is_no_huge_message(tmp_path: Path) -> None:
    told = run_text(tmp_path, f"x = '{'a' * 1_000_000}\n")
    assert str(told.end.error).startswith("tasks.lua:1: unfinished string near ''aaa")
    assert len(str(told.end.error)) < 10_000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("local t = {} for n = 1, 1e9 do t[n] = {n} end", "not enough memory"),
        (
            "coroutine.wrap(function() state.transaction(coroutine.yield) end)()",
            "a state.transaction was left open, and is rolled back",
        ),
    ],
)
def test_what_goes_wrong_at_no_line_is_put_down_to_the_file(tmp_path: Path, text: str, error: str) -> None:
    told = run_text(tmp_path, text, memory_limit=32 * 1024 * 1024)
    assert (told.end.exit_code, told.end.error) == (2, f"tasks.lua: {error}")


def test_a_file_defines_a_limited_number_of_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MOST_TASKS", 1000)
    file = Modules(tmp_path)
    assert file.run(f"for n = 1, 1000 do task({{name = 't' .. n, {NOTHING}}}) end") == []
    error = file.error(f"task({{name = 'one more', {NOTHING}}})")
    assert error == "task: a file may define at most 1,000 tasks"


@pytest.mark.proof
@pytest.mark.slow
def test_a_file_defines_at_most_a_hundred_thousand_tasks(tmp_path: Path) -> None:
    told = run_text(tmp_path, f"for n = 1, 1e6 do task({{name = 't' .. n, {NOTHING}}}) end")
    assert told.end.error == "tasks.lua:1: task: a file may define at most 100,000 tasks"


def test_modules_beside_the_task_file(tmp_path: Path) -> None:
    write(tmp_path, "local m = {}\nfunction m.hi() error('deep') end\nreturn m", "lib/greet.lua")
    write(tmp_path, "loads = (loads or 0) + 1", "once.lua")
    text = """
        local greet = require("lib.greet")
        require("once") require("once")
        task({name = "only", run = function() print(loads, greet == require("lib.greet")) greet.hi() end})
    """
    told = run_text(tmp_path, text)
    assert told.lines == ["1\ttrue"]
    assert told.errors["only"] == "lib/greet.lua:2: deep"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("nowhere", "no 'nowhere.lua' beside the task file"),
        ("..secret", "'..secret' is not a module name"),
        ("/etc/passwd", "'/etc/passwd' is not a module name"),
        ("outside", "'outside.lua' leads outside of the task file's directory"),
        ("broken", "broken.lua:1: unexpected symbol near <eof>"),
        ("itself", "itself.lua:1: require: 'itself' requires itself"),
    ],
)
def test_what_require_refuses(tmp_path: Path, name: str, complaint: str) -> None:
    write(tmp_path, "return 1", "secret.lua")
    directory = tmp_path / "dir"
    write(directory, "x =", "broken.lua")
    write(directory, "require('itself')", "itself.lua")
    (directory / "outside.lua").symlink_to(tmp_path / "secret.lua")
    told = run_text(directory, f"require('{name}')")
    assert told.end.exit_code == 2
    assert complaint in str(told.end.error)


def test_what_lua_offers(tmp_path: Path) -> None:
    body = """
        local names = {}
        for name, value in pairs(_G) do names[#names + 1] = name end
        table.sort(names)
        print(table.concat(names, " "))
        names = {}
        for name in pairs(os) do names[#names + 1] = name end
        table.sort(names)
        print(table.concat(names, " "))
        print(10 / 2, "v" .. 1, 7 // 2, _VERSION, string.dump, load("return 1 + 1")())
    """
    lines = lines_of(tmp_path, body)
    assert not {"io", "debug", "dofile", "loadfile", "collectgarbage", "python"} & set(lines[0].split())
    assert {"state", "task", "values", "print", "json", "pcall", "require"} <= set(lines[0].split())
    assert lines[1] == "clock date difftime getenv time"
    assert lines[2] == "5.0\tv1\t3\tLua 5.4\tnil\t2"


@pytest.mark.slow
def test_many_lines_arrive_in_order_and_none_is_lost(tmp_path: Path) -> None:
    lines = lines_of(tmp_path, "for i = 1, 10000 do print('line ' .. i) end")
    assert lines == [f"line {number}" for number in range(1, 10001)]


def test_print_writes_as_luas_own(tmp_path: Path) -> None:
    body = """
        print() print(nil, 1, 2.0, "x", true, {} ~= nil, -0.0)
        print("a\\nb\\n")
        print(select("#", table.unpack({}, 1, 200000)))
        print(#table.concat({tostring(print):sub(1, 9)}))
        local many = {} for i = 1, 100000 do many[i] = "" end
        print(table.unpack(many))
    """
    lines = lines_of(tmp_path, body)
    assert lines[:7] == ["", "nil\t1\t2.0\tx\ttrue\ttrue\t-0.0", "a", "b", "", "200000", "9"]
    assert lines[7].startswith("\t" * 65536)


def test_tasks_share_globals(tmp_path: Path) -> None:
    text = """
        task({name = "a", run = function() shared = 5 end})
        task({name = "b", run = function() print(shared) end})
    """
    assert run_text(tmp_path, text).lines == ["5"]


def test_tasks_are_defined_while_the_file_is_loaded(tmp_path: Path) -> None:
    told = run_text(tmp_path, 'task({name = "a", run = function() task({name = "b"}) end})')
    assert "tasks are defined while the file is loaded" in told.errors["a"]


def test_a_file_may_read_and_write_state_while_it_is_loaded(tmp_path: Path) -> None:
    text = f'state.set("a", 1) print(state.get("a")) task({{name = "x", {NOTHING}}})'
    told = run_text(tmp_path, text)
    assert told.end.exit_code == 0
    assert told.changes == [("a", None, 1)]
    assert told.lines == ["1"]
