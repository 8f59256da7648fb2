"""What a command must not import: start-up is a feature of commands that scripts call in loops."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = [
    "aiohttp",
    "argparse",
    "asyncio",
    "dataclasses",
    "enum",
    "grpc",
    "importlib.metadata",
    "inspect",
    "jinja2",
    "json",
    "logging",
    "lupa",
    "obstore",
    "pathlib",
    "re",
    "rich",
    "subprocess",
    "tempfile",
    "textual",
    "tomllib",
    "typing",
    "yaml",
    "sloth_tui.cli.output.tables",
    "sloth_tui.cli.parsing.parser",
    "sloth_tui.runs",
    "sloth_tui.settings_file",
    "sloth_tui.shortage",
    "sloth_tui.store.address",
    "sloth_tui.store.clock",
    "sloth_tui.store.etcd",
    "sloth_tui.store.history",
    "sloth_tui.store.process",
    "sloth_tui.store.rows",
    "sloth_tui.store.s3",
    "sloth_tui.store.sqlite.engine.adopting",
    "sloth_tui.store.sqlite.engine.errors",
    "sloth_tui.store.sqlite.engine.files",
    "sloth_tui.store.sqlite.engine.frozen",
    "sloth_tui.store.sqlite.history",
    "sloth_tui.store.sqlite.locks",
    "sloth_tui.store.sqlite.rows",
    "sloth_tui.store.sqlite.schema.tables",
    "sloth_tui.text",
    "sloth_tui.web",
]

SHOW_HEAVY = """
import sys
from sloth_tui.cli import main
code = main({arguments!r})
sys.stdout.flush()
print(code, *sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)
"""


def imported(*arguments: str) -> str:
    script = SHOW_HEAVY.format(arguments=list(arguments), heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    return done.stderr.strip().splitlines()[-1]


@pytest.fixture
def filled() -> None:
    with open_store("local", "write") as store:
        store.set_many({"app:version": "v1", "n": 3})


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "arguments",
    [
        ("state", "get", "app:version"),
        ("state", "list", "-o", "json"),
        ("state", "list", "--output=json", "--agent", "local", "app"),
        ("state", "list", "-o", "keys"),
        ("state", "set", "app:version", "v2"),
        ("state", "increment", "n"),
    ],
)
def test_what_scripts_call_in_loops_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert imported(*arguments) == "0"


COUNT_OURS = """
import sys
from sloth_tui.cli import main
code = main({arguments!r})
sys.stdout.flush()
print(code, sum(name.partition(".")[0] == "sloth_tui" for name in sys.modules), file=sys.stderr)
"""


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        (("state", "get", "app:version"), 26),
        (("state", "list", "-o", "json"), 28),
        (("state", "set", "app:version", "v2"), 36),
        (("state", "increment", "n"), 37),
    ],
)
def test_what_scripts_call_in_loops_imports_few_modules(arguments: tuple[str, ...], most: int) -> None:
    """Each costs a start about 0.1 ms; a package counts as one as well."""
    script = COUNT_OURS.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    code, count = map(int, done.stderr.splitlines()[-1].split())
    assert code == 0
    assert count <= most


def test_a_piped_run_imports_little(tmp_path: Path) -> None:
    """Its worker imports the rest, meanwhile."""
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "t", run = function() state.set("k", 1) end})')
    code, *modules = imported("run", str(file)).split()
    assert code == "0"
    ours = {"sloth_tui.runs", "sloth_tui.shortage", "sloth_tui.text"}
    assert set(modules) <= {"enum", "json", "re", "typing", *ours}


RUN_TRACED = """
import sys
sys.executable = {python!r}  # what the worker is started with
from sloth_tui.cli import main
sys.exit(main(["run", {file!r}]))
"""
COMMANDS = {
    "hosts",
    "hosts.fenced",
    "hosts.host",
    "hosts.local",
    "hosts.local.command",
    "hosts.local.host",
    "hosts.local.looking",
    "hosts.local.pipes",
}
FILES = {
    "hosts",
    "hosts.contents",
    "hosts.fenced",
    "hosts.host",
    "hosts.local",
    "hosts.local.host",
    "hosts.local.looking",
    "lua.modules.resources",
    "resources",
    "resources.blocks",
    "resources.change",
    "resources.difference",
    "resources.directories",
    "resources.files",
    "resources.lines",
    "resources.texts",
    "resources.trees",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "used"),
    [
        ("", set()),
        ("state.set('k', 1)", set()),
        ("cmd('true')", COMMANDS),
        ("file.directory('{here}')", FILES),
    ],
    ids=["nothing", "state", "cmd", "file"],
)
def test_a_worker_imports_only_what_its_tasks_use(tmp_path: Path, call: str, used: set[str]) -> None:
    """None of them what reaches other machines; a task without calls nothing of hosts at all."""
    python, log, file = tmp_path / "python", tmp_path / "imported", tmp_path / "tasks.lua"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -X importtime "$@" 2>"{log}"\n')
    python.chmod(0o755)
    body = call.format(here=tmp_path)
    file.write_text(f'task({{name = "t", run = function() {body} end}})')
    script = RUN_TRACED.format(python=str(python), file=str(file))
    subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=60)
    imported = {line.rpartition("|")[2].strip() for line in log.read_text().splitlines()}
    assert "sloth_tui.runner.worker.session" in imported
    ours = {name.removeprefix("sloth_tui.runner.") for name in imported}
    about = ("hosts", "resources", "tracking", "lua.modules.resources", "lua.modules.templates")
    assert {name for name in ours if name.startswith(about)} == used
    if not used:
        assert not {"subprocess", "hashlib", "shlex", "tarfile", "tempfile", "jinja2"} & imported


@pytest.mark.usefixtures("filled")
def test_a_piped_table_needs_no_front_end_library() -> None:
    code, *modules = imported("state", "list").split()
    assert code == "0"
    assert not {"rich", "textual", "lupa", "jinja2", "asyncio"} & set(modules)


COUNT_READS = """
import sys
from sloth_tui.agents import config_path
path, opened = config_path(), []
sys.addaudithook(lambda event, arguments: event == "open" and arguments[0] == path and opened.append(event))
from sloth_tui.cli import main
code = main({arguments!r})
sys.stdout.flush()
print(code, len(opened), file=sys.stderr)
"""


@pytest.mark.slow
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("arguments", "reads"),
    [
        (("state", "get", "app:version"), 1),
        (("state", "get", "app:version", "--agent", "local"), 0),
        (("state", "set", "app:version", "v2"), 1),
        (("state", "set", "app:version", "v2", "--agent", "local"), 1),
        (("state", "delete", "app:version", "--yes"), 1),
        (("state", "clear", "--yes"), 1),
        (("state", "compact"), 1),
        (("state", "undo"), 1),
        (("state", "rollback", "--to", "1", "--yes"), 1),
        (("lock", "acquire", "l", "--holder", "me", "--ttl", "5", "--agent", "local"), 0),
    ],
)
@pytest.mark.parametrize("named", [False, True], ids=["files", "store"])
def test_a_command_reads_the_settings_once_if_at_all(
    base: Path, arguments: tuple[str, ...], reads: int, named: bool
) -> None:
    """Before that it looks once whether they may name a store; if they do, it reads them."""
    (base / "config.toml").write_text("[history]\nkeep = 7\n" + ("[store]\npoll = 2\n" if named else ""))
    script = COUNT_READS.format(arguments=list(arguments))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == f"0 {1 + (1 if named else reads)}", done.stderr


@pytest.mark.usefixtures("filled")
def test_the_look_for_a_store_imports_nothing(base: Path) -> None:
    (base / "config.toml").write_text("[history]\nkeep = 7\n")
    assert imported("state", "get", "app:version", "--agent", "local") == "0"
