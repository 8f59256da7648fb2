"""Task files cannot reach anything outside of the sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.runner.events import TaskOutput
from tests.runner.support import run_task, run_text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


DENIED = {
    # name: (body, what it prints)
    "no userdata is reachable": (
        """
        local seen, found = {}, {}
        local function walk(value, path)
            if type(value) == "userdata" then found[#found + 1] = path end
            if type(value) ~= "table" or seen[value] then return end
            seen[value] = true
            local metatable = getmetatable(value)
            if metatable then walk(metatable, path .. "<meta>") end
            for key, inner in next, value do
                walk(key, path .. "<key>")
                walk(inner, path .. "." .. tostring(key))
            end
        end
        walk(_G, "_G")
        walk(state.list(), "list")
        walk(json.decode('{"a":[null,{}]}'), "json")
        walk({pcall(state.set)}, "error")
        walk({pcall(cmd, {command = "\\0"})}, "error")
        walk({pcall(file.read, "/nowhere")}, "error")
        walk({pcall(template.render, {content = "{{"})}, "error")
        print(#found, table.concat(found, " "))
        """,
        "0\t",
    ),
    "string metatable": ("print(getmetatable(''))", "false"),
    "string metatable cannot be set": ("print(pcall(setmetatable, '', {}))", "*table expected, got string"),
    "function metatables": (
        "print(getmetatable(print), getmetatable(state.get), getmetatable(state))",
        "nil\tnil\tnil",
    ),
    "metatables of ours": (
        "local of = getmetatable print(of(state.list()), of(values), of(json.null), of(json.array()))",
        "false\tfalse\tfalse\tfalse",
    ),
    "null is constant": ("print(pcall(function() json.null.x = 1 end))", "*json.null cannot be changed"),
    "python": ("print(python, _G.python, rawget(_G, 'python'))", "nil\tnil\tnil"),
    "dangerous globals": (
        "print(io, debug, dofile, loadfile, collectgarbage, warn, getfenv, loadstring)",
        "\t".join(["nil"] * 8),
    ),
    "Lua's own package": (
        "print(package.loaded, package.loadlib, package.path, package.preload, (pcall(require, 'package')))",
        "nil\tnil\tnil\tnil\tfalse",
    ),
    "dangerous os": (
        "print(os.execute, os.exit, os.remove, os.rename, os.tmpname, os.setlocale, string.dump)",
        "\t".join(["nil"] * 7),
    ),
    "load sees the same world": (
        "print(load('return _G == ...')(_G), load('return debug, python')())",
        "true\tnil\tnil",
    ),
    "load without an environment": (
        "print(pcall(load('return x', 'c', 't', nil)))",
        "*attempt to index a nil value",
    ),
    "load bytecode": (r"print(load('\27Lua\x54\0'))", "*attempt to load a binary chunk (mode is 't')"),
    "load bytecode in binary mode": (
        r"print(pcall(load, '\27Lua', 'c', 'b'))",
        "true\tnil\tattempt to load a binary chunk (mode is 't')",
    ),
    "load bytecode by pieces": (
        r"local n, parts = 0, {'\27', 'Lua'} print(load(function() n = n + 1 return parts[n] end))",
        "*attempt to load a binary chunk",
    ),
    "load with another environment": ("print(load('return print', 'c', 't', {})())", "nil"),
    "finalizers": ("print(pcall(setmetatable, {}, {__gc = function() end}))", "*__gc is not available"),
    "finalizers set later": (
        """
        local metatable = {}
        for _ = 1, 100 do setmetatable({}, metatable) end
        metatable.__gc = function() print("ran") end
        for _ = 1, 1e5 do local _ = {} end
        print("done")
        """,
        "done",
    ),
    "native modules": ("print(pcall(require, 'socket.core'))", "*no 'socket/core.lua' beside the task file"),
    "modules outside": ("print(pcall(require, '../../etc/passwd'))", "*is not a module name"),
    "modules with NUL": (r"print(pcall(require, 'a\0b'))", "*is not a module name"),
    "hostile __tostring": (
        "local o = setmetatable({}, {__tostring = function() error('inner') end}) print(pcall(print, o))",
        "*inner",
    ),
    "__tostring that lies": (
        "print(pcall(print, setmetatable({}, {__tostring = function() return {} end})))",
        "*'__tostring' must return a string",
    ),
    "__index on arguments": (
        """
        local trap = setmetatable({}, {
            __index = function() error("index") end, __len = function() error("len") end,
            __pairs = function() error("pairs") end, __eq = function() error("eq") end})
        assert(state.set("k", trap) and json.encode(trap) == "{}")
        print(pcall(cmd, trap))
        """,
        "*cmd: command must be a string, got nil",
    ),
    "redefined globals": (
        """
        type, next, pcall, xpcall, error, tostring, rawget = nil, nil, nil, nil, nil, nil, nil
        string.format, string.find, table.concat, table.unpack, table.pack, math.type = nil
        state.set("k", {a = {1, 2.5}})
        local function seven() return 7 end
        local function inside() return state.transaction(seven) end
        print(json.encode(state.get("k")), state.with_lock("l", "h", 9, inside))
        """,
        '{"a":[1,2.5]}\t7',
    ),
    "redefined host calls of one module": (
        "state.get = function() return 1 end print(state.get('k'), state.exists('k'))",
        "1\tfalse",
    ),
    "deep recursion": ("local function f() return 1 + f() end print(pcall(f))", "*stack overflow"),
    "deep recursion through C": (
        "local function f(s) return (s:gsub('.', f)) end print(pcall(f, 'x'))",
        "*C stack overflow",
    ),
    "index loops": (
        """
        local a, b = {}, {}
        a.__index, b.__index = b, a
        setmetatable(a, b)
        print(pcall(function() return setmetatable(b, a).x end))
        """,
        "*'__index' chain too long",
    ),
    "table nested too deep for JSON": (
        "local t = {} for _ = 1, 1e5 do t = {t} end print(pcall(json.encode, t))",
        "*nested more than 200 deep",
    ),
    "text nested too deep for JSON": (
        "print(pcall(json.decode, ('['):rep(1e6)))",
        "*nested more than 200 deep",
    ),
    "too many results": ("print(pcall(table.unpack, {}, 1, 1e8))", "*too many results to unpack"),
    "too wide formats": ("print(pcall(string.format, '%999d', 1))", "*invalid conversion"),
    "bad comparison": (
        """
        local t = {}
        for i = 1, 500 do t[i] = i % 7 end
        print(pcall(table.sort, t, function() return true end))
        """,
        "*invalid order function",
    ),
    "errors while errors are handled": (
        "print(xpcall(error, function() error('again') end, 'first'))",
        "false\t*",
    ),
    "a text that is huge": ("print(pcall(string.rep, 'x', 1e10))", "*"),
    "endless devices": ("print(pcall(file.read, '/dev/zero'))", "*is not a regular file"),
    "memory of the process": ("print(pcall(file.read, '/proc/self/mem'))", "*"),
    "template attributes": (
        "print(pcall(template.render, {content = [[{{ ''.__class__.__mro__[1].__subclasses__() }}]]}))",
        "*not allowed",
    ),
    "template globals": (
        "print(pcall(template.render, {content = '{{ cycler.__init__.__globals__.os.system(1) }}'}))",
        "*not allowed",
    ),
    "template format strings": (
        "print(pcall(template.render, {content = [[{{ '{0.__class__}'.format(1) }}]]}))",
        "*not allowed",
    ),
    "template self": (
        "print(pcall(template.render, {content = '{{ self._TemplateReference__context }}'}))",
        "*",
    ),
    "template that changes its variables": (
        "print(pcall(template.render, {content = '{{ a.append(1) }}', vars = {a = {1}}}))",
        "*not allowed",
    ),
    "template ranges": (
        "print(pcall(template.render, {content = '{{ range(10**9) | list }}'}))",
        "*Range too big",
    ),
    "template that includes itself": (
        "file.write('self.j2', [[{% include 'self.j2' %}]]) print(pcall(template.render, {src = 'self.j2'}))",
        "*nested too deeply",
    ),
    "template that is larger than memory": (
        "print(pcall(template.render, {content = [[{{ 'x' * 10**11 }}]]}))",
        "*not enough memory",
    ),
}


CHANGE_THE_WORLD = ("redefined globals", "redefined host calls of one module")
"""Those that later tasks of a run would notice; each has a run of its own."""


def test_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [name for name in DENIED if name not in CHANGE_THE_WORLD]
    tasks = [
        f"task({{name = [[{name}]], timeout = 20, run = function()\n{DENIED[name][0]}\nend}})"
        for name in names
    ]
    told = run_text(tmp_path, "\n".join(tasks), keep_going=True)
    assert told.end.result == "done", told.errors
    printed: dict[str | None, list[str]] = {}
    for event in told.of(TaskOutput):
        printed.setdefault(event.task, []).append(event.text)
    assert list(printed) == names
    for name in names:
        check_printed(name, printed[name])


@pytest.mark.parametrize("name", CHANGE_THE_WORLD)
def test_denied_although_the_task_changes_its_world(tmp_path: Path, name: str) -> None:
    told = run_task(tmp_path, DENIED[name][0], timeout=20.0)
    assert told.end.result == "done", (told.errors, told.end)
    check_printed(name, told.lines)


def check_printed(name: str, lines: list[str]) -> None:
    (line,) = lines
    before, star, after = DENIED[name][1].partition("*")
    if star:
        assert line.startswith(before), name
        assert after in line, name
        assert "\ttrue" not in line, name
        assert not line.startswith("true"), name
    else:
        assert line == DENIED[name][1], name
