"""The public surface of the program as text. ``python -m tests.surface`` writes it to ``tests/surface.txt``.

Whoever changes it on purpose renews that file, and the change shows in its diff.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import os
import pathlib
import tempfile
from typing import TYPE_CHECKING

import sloth_tui
from sloth_tui import errors
from sloth_tui.cli import main
from sloth_tui.runner.events import KINDS
from sloth_tui.store import port

if TYPE_CHECKING:
    from collections.abc import Iterator

STORED = pathlib.Path(__file__).with_suffix(".txt")

TASKS = """
task({name = "write", run = function()
  state.set("app:name", "shop")
  state.set("app:limits", {cpu = 2})
  state.set("app:name", "bazaar")
end})
"""
LUA_NAMES = """
local function show(prefix, names)
  for name, value in pairs(names) do
    if type(value) == "function" then print(prefix .. name) end
  end
end
show("", _G)
for name, value in pairs(_G) do
  if type(value) == "table" and name ~= "_G" then show(name .. ".", value) end
end
task({name = "nothing", run = function() end})
"""
JSON_COMMANDS = (
    "state list",
    "state list --output jsonl",
    "state show app:name",
    "state stats",
    "state history app:name",
    "state log",
    "state diff 0",
    "lock list",
    "lock list --broken",
    "agents",
)

_JSON_TYPES: dict[type, str] = {
    dict: "object",
    list: "list",
    str: "text",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}


def draw() -> str:
    """Return the whole surface, one thing a line under headings."""
    parts = {
        "Exported by sloth_tui": sorted(sloth_tui.__all__),
        "Protocols of the store's port": protocols(),
        "Exit codes": [f"{code} {name}" for name, code in exit_codes().items()],
        "Errors and their exit codes": sorted(error_codes()),
        "Events of a run and their fields": events(),
        **measured(),
    }
    return "\n\n".join("\n".join([f"# {heading}", *lines]) for heading, lines in parts.items()) + "\n"


def protocols() -> list[str]:
    """Return the methods of every protocol in the port, with signatures as they are written."""
    lines = []
    for node in ast.parse(inspect.getsource(port)).body:
        if isinstance(node, ast.ClassDef):
            bases = ", ".join(ast.unparse(base) for base in node.bases)
            lines.append(f"{node.name}({bases})")
            lines += [_method(each) for each in node.body if isinstance(each, ast.FunctionDef)]
    return lines


def _method(node: ast.FunctionDef) -> str:
    kind = "".join(f"@{ast.unparse(decorator)} " for decorator in node.decorator_list)
    returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
    return f"  {kind}{node.name}({ast.unparse(node.args)}){returns}"


def exit_codes() -> dict[str, int]:
    return {name: code for name, code in vars(errors.ExitCode).items() if name.isupper()}


def error_codes() -> Iterator[str]:
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, errors.SlothError):
            yield f"{name} {kind.exit_code}"


def events() -> list[str]:
    lines = []
    for name, kind in KINDS.items():
        fields = [f"{field}: {_annotation(kind.__annotations__[field])}" for field in kind._fields]
        lines.append(f"{name}: {', '.join(fields)}")
    return lines


def _annotation(written: object) -> str:
    return str(getattr(written, "__forward_arg__", written))


def measured() -> dict[str, list[str]]:
    """Return what only a run of the program shows: shapes of JSON, and what a Lua file can call."""
    with tempfile.TemporaryDirectory() as directory, _home(directory):
        tasks, names = (os.path.join(directory, name) for name in ("write.lua", "names.lua"))
        pathlib.Path(tasks).write_text(TASKS)
        pathlib.Path(names).write_text(LUA_NAMES)
        _run("run", tasks)
        _run(*["lock", "acquire", "deploy", "--holder", "ci", "--ttl", "600"])
        _run(*["lock", "break", "deploy"])
        _run(*["lock", "acquire", "deploy", "--holder", "ci", "--ttl", "600"])
        shapes = {command: _run(*_with_output(command)) for command in JSON_COMMANDS}
        lines = _run("run", names, "--output", "jsonl").splitlines()
    printed = [event["text"] for event in map(json.loads, lines) if event["event"] == "task_output"]
    return {
        **{f"JSON of {command}": shape(_documents(text)) for command, text in shapes.items()},
        "Functions of Lua": sorted(printed),
    }


def _with_output(command: str) -> list[str]:
    return command.split() if "--output" in command else [*command.split(), "--output", "json"]


def _documents(text: str) -> list[object]:
    try:
        return [json.loads(text)]
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


def shape(documents: list[object]) -> list[str]:
    """Return the paths of the documents with the types found there; ``[]`` is any element of a list."""
    found: dict[str, set[str]] = {}
    for document in documents:
        _collect(document, "", found)
    return [f"{path or '.'}: {' or '.join(sorted(types))}" for path, types in found.items()]


def _collect(value: object, path: str, found: dict[str, set[str]]) -> None:
    found.setdefault(path, set()).add(_JSON_TYPES[type(value)])
    if isinstance(value, dict):
        for name, each in value.items():
            _collect(each, f"{path}.{name}", found)
    elif isinstance(value, list):
        for each in value:
            _collect(each, f"{path}[]", found)


@contextlib.contextmanager
def _home(directory: str) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(HOME=directory, XDG_CONFIG_HOME=directory, SLOTH_RUNNER_HOME=directory)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _run(*words: str) -> str:
    """Run a command line in this process; return what it wrote to stdout."""
    out = io.BytesIO()
    stdout = io.TextIOWrapper(out, "utf-8", write_through=True)
    with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(io.StringIO()) as complaints:
        code = main(list(words))
    assert code == 0, f"{' '.join(words)}: {complaints.getvalue()}"
    return out.getvalue().decode()


if __name__ == "__main__":
    STORED.write_text(draw(), "utf-8")
