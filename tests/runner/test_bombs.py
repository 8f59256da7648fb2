"""Task files that would hang, or take the machine down, but end in time and leave nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from sloth_tui.runner.processes import find_descendants
from sloth_tui.store import open_store
from tests.runner.support import run_task, run_text, write
from tests.support import sweep

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


MEBIBYTE = 1024 * 1024
DRIVER = """
import json, os, sys
from sloth_tui.runner.supervision.supervisor import RunRequest, Supervisor
from sloth_tui.runner.protocol import event_to_json
kinds = ("task_finished", "run_finished", "warned")
for line in sys.stdin:
    directory, environment, path, options = json.loads(line)
    os.chdir(directory)
    os.environ.update(environment)
    request = RunRequest(path, "local", **options)
    shown = [event_to_json(event) for event in Supervisor(request).events()]
    peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
    print(json.dumps({"peak": int(peak) * 1024, "lines": sum(e["event"] == "task_output" for e in shown),
                      "events": [e for e in shown if e["event"] in kinds]}), flush=True)
"""
"""One process for all runs: the most memory that it ever had must be little."""
MEMORY = r"not enough memory|out of memory"
TIME = r"took longer than"
SLOW_WORDS = "error object whose __tostring fails: it takes too long"
FILL = """
    local kept, block = {}, ("x"):rep(1024):rep(1024)
    local function fill(n) for i = 1, n do kept[i] = block .. i end end
"""
LOOPS = """
    local loop = "{%% for a in range(99999) %%}"
    template.render({content = loop .. loop .. [[%s]] .. ("{%% endfor %%}"):rep(2)})
"""

BOMBS = {
    # name: (body, options, what the task's error says)
    "loop": ("while true do end", {}, TIME),
    "goto": ("::again:: goto again", {}, TIME),
    "pcall": ("while true do pcall(error, 'x') end", {}, TIME),
    "xpcall": ("while true do xpcall(error, function() while true do end end) end", {}, TIME),
    "coroutines": ("while true do coroutine.wrap(function() coroutine.yield() end)() end", {}, TIME),
    "closing": (
        "local x <close> = setmetatable({}, {__close = function() while true do end end}) error('x')",
        {},
        TIME,
    ),
    "backtracking": ("string.find(('a'):rep(40), ('a-'):rep(40) .. 'b')", {}, TIME),
    "quadratic gsub": ("local s = ('a'):rep(300000) s:gsub('.-b', '')", {}, TIME),
    "empty rep": ("string.rep('', 1e15)", {}, TIME),
    "hostile __tostring in an error": (
        "error(setmetatable({}, {__tostring = function() while true do end end, __name = 'x'}))",
        {},
        SLOW_WORDS,
    ),
    "hostile __tostring that catches": (
        "local function f() while true do pcall(function() while true do end end) end end "
        "error(setmetatable({}, {__tostring = f}))",
        {},
        SLOW_WORDS,
    ),
    "hostile __tostring in a coroutine": (
        "error(setmetatable({}, {__tostring = coroutine.wrap(function() while true do end end)}))",
        {},
        SLOW_WORDS,
    ),
    "hostile __tostring in a coroutine begun before": (
        "local routine = coroutine.create(function() coroutine.yield() while true do end end) "
        "coroutine.resume(routine) "
        "error(setmetatable({}, {__tostring = function() coroutine.resume(routine) return 'x' end}))",
        {},
        SLOW_WORDS,
    ),
    "hostile __tostring in coroutines without end": (
        "local function f() while true do coroutine.wrap(function() for i = 1, 900 do end end)() end end "
        "error(setmetatable({}, {__tostring = f}))",
        {},
        SLOW_WORDS,
    ),
    "hostile __tostring that calls itself": (
        "local function f() pcall(f) pcall(f) end error(setmetatable({}, {__tostring = f}))",
        {},
        SLOW_WORDS,
    ),
    "hostile __tostring that catches at the bottom of the stack": (
        "local function f() while true do pcall(f) end end error(setmetatable({}, {__tostring = f}))",
        {},
        SLOW_WORDS,
    ),
    "hostile __tostring whose handler never ends": (
        "local function f() while true do xpcall(error, function() while true do end end) end end "
        "error(setmetatable({}, {__tostring = f}))",
        {},
        TIME,
    ),
    "endless printing": ("while true do print('x') end", {"output_limit": 50_000}, TIME),
    "endless reader": ("load(function() return ' ' end)", {}, TIME),
    "endless comparison": ("table.sort({1, 2, 3}, function() while true do end end)", {}, TIME),
    "growing table": ("local t = {} for i = 1, 1e9 do t[i] = i end", {}, MEMORY),
    "growing text": ("local s = 'x' while true do s = s .. s end", {}, MEMORY),
    "growing by gsub": ("local s = 'aaaaaaaa' while true do s = s:gsub('a', s) end", {}, MEMORY),
    "growing by concat": ("local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(i) end", {}, MEMORY),
    "closures": ("local t = {} while true do t[#t + 1] = function() return t end end", {}, MEMORY),
    "many coroutines": ("local t = {} while true do t[#t + 1] = coroutine.create(print) end", {}, MEMORY),
    "caught again and again": (
        "local t = {} local function grow() while true do t[#t + 1] = ('x'):rep(1000 + #t) end end "
        "while true do pcall(grow) end",
        {},
        TIME,
    ),
    "memory is out, then get": (
        FILL + "state.set('k', ('y'):rep(8388608)) pcall(fill, 1000) state.get('k')",
        {},
        MEMORY,
    ),
    "memory is out, then list": (
        "for i = 1, 40 do state.set('k' .. i, ('y'):rep(1048576) .. i) end\n"
        + FILL
        + "fill(40) local list = state.list('k') return #kept",
        {},
        MEMORY,
    ),
    "memory is out, then file.read": (
        FILL + "file.write('f', ('y'):rep(33554432)) pcall(fill, 1000) file.read('f')",
        {},
        MEMORY,
    ),
    "memory is out, then cmd": (FILL + "pcall(fill, 1000) cmd('head -c 9000000 /dev/zero')", {}, MEMORY),
    "memory is out, then render": (
        FILL + "pcall(fill, 1000) template.render({content = '{{ \"x\" * 9000000 }}'})",
        {},
        MEMORY,
    ),
    "memory is out, then print": (FILL + "pcall(fill, 1000) print(kept[1])", {}, MEMORY),
    "a huge error": (FILL + "fill(40) error(table.concat(kept, '', 1, 20))", {}, "xxxx"),
    "a huge error when memory is out": (FILL + "pcall(fill, 1000) error(kept[1] .. 'y')", {}, MEMORY),
    "huge template": (
        LOOPS % "{{ 'x' * 999 }}",
        {},
        "the text is larger than 64 MiB",
    ),
    "slow template": (
        LOOPS % "",
        {},
        TIME,
    ),
    "template arithmetic": ("template.render({content = '{{ 9 ** (9 ** 9) }}'})", {}, TIME),
    "endless command": ("cmd('while :; do :; done')", {}, TIME),
    "endless output of a command": ("cmd('yes')", {"output_limit": 50_000}, TIME),
    "endless line of a command": ("cmd('tr \"\\\\0\" x < /dev/zero')", {"output_limit": 50_000}, TIME),
    "a command that ignores signals": ("cmd(\"trap '' TERM INT HUP; while :; do sleep 1; done\")", {}, TIME),
    "many processes": (
        "cmd('f() { if [ $1 -gt 0 ]; then f $(($1 - 1)) & f $(($1 - 1)) & fi; sleep 100; }; f 5')",
        {},
        TIME,
    ),
    "processes in sessions of their own": (
        "cmd('setsid sleep 100 & setsid setsid sleep 100 & nohup sleep 100 & wait')",
        {},
        TIME,
    ),
    "a command that kills the worker": (
        "cmd('kill -9 $PPID; sleep 100')",
        {},
        "killed: its worker process got SIGKILL",
    ),
    "waiting for ever": ("state.lock('b', 'me', 60) state.lock('b', 'you', 60, {wait = 1e6})", {}, TIME),
    "a pipe nobody writes to": ("cmd('mkfifo p') cmd('cat p')", {}, TIME),
}
TELLING = [
    *("loop", "coroutines", "closing", "backtracking", "endless printing", "endless reader"),
    *("hostile __tostring in an error", "hostile __tostring that catches"),
    *("growing table", "growing by gsub", "many coroutines", "caught again and again"),
    *("memory is out, then list", "memory is out, then cmd", "a huge error when memory is out"),
    *("slow template", "endless command", "endless line of a command", "a command that ignores signals"),
    *("many processes", "processes in sessions of their own", "a command that kills the worker"),
    *("waiting for ever", "a pipe nobody writes to"),
]
"""Of each kind of bomb at least one."""


class Driver:
    """The process that has bombs run."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, directory: Path, path: str, options: dict[str, Any]) -> Any:
        """Return what was told of the run, and the most bytes of memory that the process has had."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        environment = {name: os.environ[name] for name in ("HOME", "SLOTH_RUNNER_HOME")}
        self.process.stdin.write(json.dumps([str(directory), environment, path, options]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def driver() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.process.communicate(timeout=60)
    assert driver.process.returncode == 0


@pytest.mark.parametrize("name", sweep(BOMBS, TELLING))
def test_bombs_end_with_the_right_words_and_leave_nothing(tmp_path: Path, driver: Driver, name: str) -> None:
    body, options, words = BOMBS[name]
    limit = 0.15 if words == TIME else 8.0
    text = f"""
        task({{name = "bomb", timeout = {limit}, run = function()
            state.with_lock("held", "me", 60, function()\n{body}\nend)
        end}})
    """
    limits = {"memory_limit": 48 * MEBIBYTE, "grace": 0.3, **options}
    told = driver.run(tmp_path, write(tmp_path, text), limits)
    (finished,) = [event for event in told["events"] if event["event"] == "task_finished"]
    assert any(word in finished["error"] for word in words.split("|")), finished
    assert told["peak"] < 100 * MEBIBYTE
    assert told["lines"] * 2 <= 50_000 + 2
    assert find_descendants(driver.process.pid) == []
    with open_store("local") as store:
        assert "held" not in [lock.name for lock in store.locks()]


def test_output_that_is_cut_says_how_much(tmp_path: Path) -> None:
    told = run_task(
        tmp_path, 'for i = 1, 100 do print(("x"):rep(99)) end print(("y"):rep(1000))', output_limit=1000
    )
    assert len(told.lines) == 10
    assert told.warnings == ["output beyond 1000 B: … 9910 bytes cut"]


def test_a_line_that_is_too_long_is_cut_and_says_how_much(tmp_path: Path) -> None:
    told = run_task(tmp_path, 'print(("x"):rep(100000))')
    (line,) = told.lines
    assert line == "x" * 65536 + " … 34464 bytes cut"


def test_each_task_has_its_own_output_limit(tmp_path: Path) -> None:
    body = 'run = function() print("0123456789") print("0123456789") end'
    text = f'task({{name = "a", {body}}}) task({{name = "b", {body}}})'
    told = run_text(tmp_path, text, output_limit=15)
    assert told.lines == ["0123456789"] * 2
    assert len(told.warnings) == 2


def test_after_memory_ran_out_the_next_task_has_memory_again(tmp_path: Path) -> None:
    text = """
        task({name = "greedy", run = function()
            local t = {}
            for i = 1, 1e9 do t[i] = ("x"):rep(1e4) .. i end
        end})
        task({name = "modest", run = function() state.set("k", ("x"):rep(1e6)) print(#state.get("k")) end})
    """
    told = run_text(tmp_path, text, memory_limit=48 * MEBIBYTE, keep_going=True)
    assert told.errors == {"greedy": "tasks.lua:2: not enough memory"}
    assert told.lines == ["1000000"]
