"""The options of every command that runs a task file."""

from __future__ import annotations

from sloth_tui.cli.parsing.spec import Option
from sloth_tui.values.parse import grace, seconds

REQUEST = (
    Option(
        ("--task",),
        "only this task and what it depends on; repeatable",
        metavar="NAME",
        repeated=True,
        complete="task names",
    ),
    Option(
        ("--workflow",),
        "only the tasks of this workflow and what they depend on",
        metavar="NAME",
        complete="workflows",
    ),
    Option(
        ("--values",),
        "YAML, JSON or TOML file that Lua sees as values",
        metavar="FILE",
        complete="files",
    ),
    Option(
        ("--set",),
        "on top of the file, set values.K to V: a number, true, false, null, else text; repeatable",
        metavar="K=V",
        repeated=True,
    ),
    Option(("--set-string",), "the same with V as text; repeatable", metavar="K=V", repeated=True),
    Option(
        ("--set-json",),
        "the same with V as JSON: a list, a table; repeatable",
        metavar="K=V",
        repeated=True,
    ),
    Option(("--timeout",), "how long the whole run may take", metavar="SECONDS", convert=seconds),
    Option(
        ("--grace",),
        "how long commands may take to end, once they are asked to (default 10)",
        metavar="SECONDS",
        convert=grace,
    ),
)
DIFF = Option(("--diff",), "show how the content of changed files differs")
