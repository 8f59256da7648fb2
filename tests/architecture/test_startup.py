"""What a command must not import: start-up is a feature of commands that scripts call in loops."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from sloth_tui.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

Words: TypeAlias = tuple[str, ...]

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

EACH = """
import os, sys
for base, arguments in {commands!r}:
    sys.stderr.flush()
    if os.fork() == 0:
        os.environ["SLOTH_RUNNER_HOME"] = base
        {before}
        from sloth_tui.cli import main
        code = main(list(arguments))
        sys.stdout.flush()
        print("told", code, {told}, file=sys.stderr, flush=True)
        os._exit(0)
    os.wait()
"""
"""Each command in a process that has imported no more than a new one, which costs less than a new one."""
SHOW_HEAVY = f"*sorted(set({HEAVY!r}) & set(sys.modules))"


def told_of_each(commands: Iterable[tuple[Path, Words]], told: str, before: str = "pass") -> list[str]:
    """Return, for each command on its base directory, its exit code and the words that ``told`` gives."""
    made = [(str(base), words) for base, words in commands]
    script = EACH.format(commands=made, told=told, before=before)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    found = [line.removeprefix("told ") for line in done.stderr.splitlines() if line.startswith("told ")]
    assert len(found) == len(made), done.stderr
    return found


def imported(base: Path, *arguments: str) -> str:
    (found,) = told_of_each([(base, arguments)], SHOW_HEAVY)
    return found


@pytest.fixture
def filled() -> None:
    with open_store("local", "write") as store:
        store.set_many({"app:version": "v1", "n": 3})


IN_LOOPS: list[Words] = [
    ("state", "get", "app:version"),
    ("state", "list", "-o", "json"),
    ("state", "list", "--output=json", "--agent", "local", "app"),
    ("state", "list", "-o", "keys"),
    ("state", "set", "app:version", "v2"),
    ("state", "increment", "n"),
]


@pytest.mark.usefixtures("filled")
def test_what_scripts_call_in_loops_imports_nothing_heavy(base: Path) -> None:
    found = told_of_each([(base, words) for words in IN_LOOPS], SHOW_HEAVY)
    assert dict(zip(IN_LOOPS, found, strict=True)) == dict.fromkeys(IN_LOOPS, "0")


COUNT_OURS = 'sum(name.partition(".")[0] == "sloth_tui" for name in sys.modules)'
MOST: dict[Words, int] = {
    ("state", "get", "app:version"): 26,
    ("state", "list", "-o", "json"): 28,
    ("state", "set", "app:version", "v2"): 36,
    ("state", "increment", "n"): 37,
}


@pytest.mark.usefixtures("filled")
def test_what_scripts_call_in_loops_imports_few_modules(base: Path) -> None:
    """Each costs a start about 0.1 ms; a package counts as one as well."""
    found = told_of_each([(base, words) for words in MOST], COUNT_OURS)
    for (words, most), told in zip(MOST.items(), found, strict=True):
        code, count = map(int, told.split())
        assert code == 0, words
        assert 10 < count <= most, words


def test_a_piped_run_imports_little(base: Path, tmp_path: Path) -> None:
    """Its worker imports the rest, meanwhile."""
    file = tmp_path / "tasks.lua"
    file.write_text('task({name = "t", run = function() state.set("k", 1) end})')
    code, *modules = imported(base, "run", str(file)).split()
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
def test_a_piped_table_needs_no_front_end_library(base: Path) -> None:
    code, *modules = imported(base, "state", "list").split()
    assert code == "0"
    assert not {"rich", "textual", "lupa", "jinja2", "asyncio"} & set(modules)


WATCH_READS = """
        from sloth_tui.agents import config_path
        path, opened = config_path(), []
        sys.addaudithook(lambda event, args: event == "open" and args[0] == path and opened.append(event))
"""
READS: dict[Words, int] = {
    ("state", "get", "app:version"): 1,
    ("state", "get", "app:version", "--agent", "local"): 0,
    ("state", "set", "app:version", "v2"): 1,
    ("state", "set", "app:version", "v2", "--agent", "local"): 1,
    ("state", "delete", "app:version", "--yes"): 1,
    ("state", "clear", "--yes"): 1,
    ("state", "compact"): 1,
    ("state", "undo"): 1,
    ("state", "rollback", "--to", "1", "--yes"): 1,
    ("lock", "acquire", "l", "--holder", "me", "--ttl", "5", "--agent", "local"): 0,
}


@pytest.mark.slow
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("named", [False, True], ids=["files", "store"])
def test_a_command_reads_the_settings_once_if_at_all(base: Path, tmp_path: Path, named: bool) -> None:
    """Before that it looks once whether they may name a store; if they do, it reads them."""
    (base / "config.toml").write_text("[history]\nkeep = 7\n" + ("[store]\npoll = 2\n" if named else ""))
    bases = [Path(shutil.copytree(base, tmp_path / f"base-{number}")) for number in range(len(READS))]
    found = told_of_each(zip(bases, READS, strict=True), "len(opened)", WATCH_READS.strip())
    wanted = {words: f"0 {1 + (1 if named else reads)}" for words, reads in READS.items()}
    assert dict(zip(READS, found, strict=True)) == wanted


@pytest.mark.usefixtures("filled")
def test_the_look_for_a_store_imports_nothing(base: Path) -> None:
    (base / "config.toml").write_text("[history]\nkeep = 7\n")
    assert imported(base, "state", "get", "app:version", "--agent", "local") == "0"
