"""Task code meets Lua as it is: what plain Lua 5.4 answers and complains about, the sandbox does too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from lupa.lua54 import LuaRuntime

from sloth_tui.runner.lua.sandbox import Sandbox
from tests.runner.support import lines_of, run_task

if TYPE_CHECKING:
    from pathlib import Path

WRAPPED = (
    "setmetatable",
    "load",
    "require",
    "getmetatable",
    "pcall",
    "xpcall",
    "error",
    "string.rep",
)
ARGUMENTS = (
    "",
    "nil",
    "1",
    "{}",
    "'x'",
    "true",
    "P",
    "1, 2",
    "{}, 1",
    "{}, {}",
    "{}, nil",
    "{}, false",
    "'x', 1",
    "'x', {}",
    "'x', 'n', 'b'",
    "'x', 'n', {}",
    "'x', 'n', 't', 1",
    "'return 1', 'n', 'b'",
    "'return 1', {}, 't'",
    "'return 1', 'n', 't%x'",
    "'return 1', 'n', '%b'",
    "'return 1', 'n', 1",
    "'x =', 'n'",
    "'x =', '@n'",
    "function() return {} end",
    "function() error('x') end",
    "function() error({}) end, 'n'",
    "setmetatable({}, {__metatable = 1}), {}",
    "P, P",
    "P, nil",
    "function() return nil end",
)
"""None of which ``require`` would look for as a file."""
CALL = """





local function P() end
return function()
    local ok, first, second = pcall(function() return FUNCTION(ARGUMENTS) end)
    local function shown(value) return type(value) == "string" and value or type(value) end
    return ok, shown(first), shown(second)
end
"""
SANDBOX = Sandbox({"read_module": lambda _: (False, b"none")}, 64 * 1024 * 1024)
PLAIN = LuaRuntime(encoding=None, register_eval=False)


def _answers(load: Any, function: str, arguments: str) -> object:
    source = CALL.replace("FUNCTION", function).replace("ARGUMENTS", arguments)
    return load(source.encode(), b"@task.lua")()()


@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("function", WRAPPED)
def test_a_call_answers_and_complains_as_plain_lua_does(function: str, arguments: str) -> None:
    if function == "require" and arguments[:1] in ("'", "1"):
        arguments = "'string'"
    plain = _answers(PLAIN.globals()[b"load"], function, arguments)
    ours = _answers(SANDBOX._kit[b"env"][b"load"], function, arguments)
    if function == "getmetatable" and arguments.startswith("'"):
        assert ours == (True, b"boolean", b"nil")  # that of strings is hidden
    else:
        assert ours == plain


def test_bytecode_is_refused_whatever_the_mode_says() -> None:
    for mode in ("b", "bt", "tb", "", "t"):
        assert _answers(SANDBOX._kit[b"env"][b"load"], "load", f"'\\27Lua', 'n', '{mode}'") == (
            True,
            b"nil",
            b"attempt to load a binary chunk (mode is 't')",
        )


def test_the_standard_modules_can_be_required(tmp_path: Path) -> None:
    body = """
        for _, name in ipairs({"string", "table", "math", "utf8", "coroutine", "os"}) do
            print(require(name) == _G[name])
        end
        print(require "_G" == _G, pcall(require, "bit32"))
    """
    *same, last = lines_of(tmp_path, body)
    assert same == ["true"] * 6
    assert last.startswith("true\tfalse\ttasks.lua:6: require: no 'bit32.lua' beside the task file")


OBJECTS = {
    "error(setmetatable({m = 1}, {__tostring = function(e) return 'said by ' .. e.m end}))": "said by 1",
    "error(setmetatable({}, {__tostring = function() error('inner') end}))": (
        "error object whose __tostring fails: tasks.lua:2: inner"
    ),
    "error(setmetatable({}, {__tostring = function() return {} end}))": (
        "error object whose __tostring fails: '__tostring' must return a string"
    ),
    "error(setmetatable({}, {__tostring = function() coroutine.yield() end}))": (
        "error object whose __tostring fails: attempt to yield from outside a coroutine"
    ),
    "error(setmetatable({}, {__tostring = 1, __index = error}))": (
        "error object whose __tostring fails: attempt to call a number value"
    ),
    "error({message = 'm'})": "m",
    "setmetatable({})": "bad argument #2 to 'setmetatable' (nil or table expected, got no value)",
    "print(setmetatable({}, {__tostring = function() return {} end}))": "'__tostring' must return a string",
    "state.lock('l', 'h', 1, {[setmetatable({}, {__tostring = function() return {} end})] = 1})"
    "": "'__tostring' must return a string",
    "cmd({[setmetatable({}, {__tostring = function() return {} end})] = 1})": (
        "'__tostring' must return a string"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("body", OBJECTS)
def test_an_error_is_shown_as_it_says_with_the_line_of_the_task(tmp_path: Path, body: str) -> None:
    told = run_task(tmp_path, body)
    assert told.errors == {"only": f"tasks.lua:2: {OBJECTS[body]}"}
