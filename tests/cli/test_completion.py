"""Pressing Tab: a real bash with the printed script, and argcomplete's protocol as any shell speaks it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sloth_tui.runs.archive import Archive
from sloth_tui.store import open_store
from tests.cli.support import piped
from tests.runner.support import write
from tests.runs.support import GOES_ON, started

pytestmark = [pytest.mark.slow, pytest.mark.long]


BIN = Path(sys.executable).parent
PROTOCOL = {
    "_ARGCOMPLETE": "1",
    "_ARGCOMPLETE_IFS": "\n",
    "_ARGCOMPLETE_SHELL": "bash",
    "_ARGCOMPLETE_SUPPRESS_SPACE": "1",
}


TASKS = """
workflow.define("main"):tasks({task("first"):command("true")}):on_complete(function() end)
workflow.define("second"):tasks({task("other"):command("true")})
"""


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy.sloth").write_text(TASKS)
    with open_store("local", "write") as store:
        store.set_many({"deploy:a": 1, "deploy:b": 2, "package:nginx": "1", "-dash": 1, "bad\x1b[2J": 1})
        store.acquire("release", "me", 60)
    with open_store("production", "write") as store:
        store.set("prod:key", 1)


def complete(line: str, **environment: str) -> list[str]:
    """Return what argcomplete offers for the line, with the cursor at its end, on descriptor 8."""
    command = "exec 8>&1 1>/dev/null; exec " + str(BIN / "sloth-runner")
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            **PROTOCOL,
            "COMP_LINE": line,
            "COMP_POINT": str(len(line.encode())),
            **environment,
        },
    )
    assert done.stderr == ""
    return sorted(done.stdout.split("\n")) if done.stdout else []


OFFERED = [
    ("sloth-runner st", ["state", "store"]),
    ("sloth-runner state s", ["search", "set", "show", "stats"]),
    ("sloth-runner lock ", ["acquire", "break", "history", "list", "release", "run"]),
    ("sloth-runner state get dep", ["deploy:a", "deploy:b"]),
    ("sloth-runner state get deploy:a dep", ["deploy:a", "deploy:b"]),
    ("sloth-runner state get --agent production p", ["prod:key"]),
    ("sloth-runner --agent production state show p", ["prod:key"]),
    ("sloth-runner state get --agent=production p", ["prod:key"]),
    ("sloth-runner state list --agent ", ["local", "production"]),
    ("sloth-runner state list -a p", ["production"]),
    ("sloth-runner state list --output j", ["json", "jsonl"]),
    ("sloth-runner state list --out", ["--output"]),
    ("sloth-runner state set k v --type b", ["boolean", "bytes"]),
    ("sloth-runner state clear --prefix pack", ["package:nginx"]),
    ("sloth-runner lock release r", ["release"]),
    ("sloth-runner completion z", ["zsh"]),
    ("sloth-runner exa", ["examples"]),
    ("sloth-runner examples s", ["show"]),
    ("sloth-runner examples -o js", ["json", "jsonl"]),
    ("sloth-runner examples show dep", ["deploy"]),
    ("sloth-runner run --example dep", ["deploy"]),
    ("sloth-runner run deploy.sloth --workflow ", ["main", "second"]),
    ("sloth-runner run deploy.sloth --workflow m", ["main"]),
    ("sloth-runner run deploy.sloth --task main:", ["main:on_complete"]),
    ("sloth-runner run gone.sloth --workflow ", []),
    ("sloth-runner drift deploy.sloth --workflow s", ["second"]),
    ("sloth-runner run --workflow ", []),
    ("sloth-runner state get bad", []),
    ("sloth-runner state set package:nginx d", []),
    ("sloth-runner nonsense x", []),
    ("sloth-runner state get --agent nobody ", []),
    ("sloth-runner state get --", ["--agent", "--debug", "--help", "--raw", "--store"]),
    ("sloth-runner state get --agent ../x dep", []),
]
"""Lines up to the cursor, and what is offered."""
EACH = """
import gc, json, os, pkgutil, sys
import argcomplete
import sloth_tui.cli
from sloth_tui.cli.parsing import completion, parser
import sloth_tui.cli.commands, sloth_tui.store.sqlite.store
for module in pkgutil.iter_modules(sloth_tui.cli.commands.__path__, "sloth_tui.cli.commands."):
    __import__(module.name)
gc.freeze()
for line in json.load(sys.stdin):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(writer, 8)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.environ.update(COMP_LINE=line, COMP_POINT=str(len(line.encode())))
        sys.exit(sloth_tui.cli.main(["sloth-runner"]))
    os.close(writer)
    with open(reader) as offered:
        print(json.dumps([line, offered.read()]), flush=True)
    os.waitpid(child, 0)
"""
"""As each would be completed by a process of its own; what they import is imported once."""


def complete_each(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Return what is offered for each of these lines."""
    done = subprocess.run(
        [sys.executable, "-c", EACH],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        env={**os.environ, **PROTOCOL},
    )
    assert done.stderr == ""
    offered = [json.loads(line) for line in done.stdout.splitlines()]
    return [(line, sorted(text.split("\n")) if text else []) for line, text in offered]


def test_protocol(stored: None) -> None:
    assert complete_each([line for line, _ in OFFERED]) == OFFERED


def test_a_process_offers_the_same(stored: None) -> None:
    for line, expected in OFFERED[::9]:
        assert complete(line) == expected


def test_commands_that_do_not_exist_yet_are_not_offered() -> None:
    offered = complete("sloth-runner state ") + complete("sloth-runner ") + complete("sloth-runner lock ")
    assert {"merge", "dump"}.isdisjoint(offered)
    assert offered.count("run") == 2


def test_it_says_nothing_about_a_damaged_database(base: Path, stored: None) -> None:
    (base / "state" / "broken.db").write_bytes(b"no database at all" * 100)
    assert complete("sloth-runner state get -a broken d") == []


def test_a_call_that_is_not_by_a_shell_fails_in_silence() -> None:
    done = subprocess.run(
        [BIN / "sloth-runner"], capture_output=True, env={**os.environ, "_ARGCOMPLETE": "1"}
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_completing_creates_nothing(base: Path) -> None:
    assert complete("sloth-runner state get d") == []
    assert not base.exists()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_a_key_with_colons(stored: None) -> None:
    """COMP_WORDBREAKS splits at colons; what bash inserts must still make the whole key."""
    script = f"""
        PATH={BIN}:$PATH
        eval "$(sloth-runner completion bash)"
        COMP_LINE='sloth-runner state get deploy:'
        COMP_POINT=${{#COMP_LINE}} COMP_TYPE=9 COMP_WORDS=(sloth-runner state get deploy :) COMP_CWORD=4
        _python_argcomplete sloth-runner '' deploy
        printf '%s\\n' "${{COMPREPLY[@]}}"
        complete -p sloth-runner sloth-tui
    """
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True)
    assert [line.strip() for line in done.stdout.splitlines()[:2]] == ["a", "b"]
    assert done.stdout.count("complete -o bashdefault -o default") == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_valid(shell: str) -> None:
    script = piped("completion", shell)
    assert script.code == 0
    assert "sloth-runner" in script.out
    assert "sloth-tui" in script.out
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell} on this machine to check the syntax with")
    done = subprocess.run([program, "-n"], input=script.stdout, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ids_of_runs_are_offered(tmp_path: Path) -> None:
    file = write(tmp_path, "task({name = 't', run = function() end})")
    assert piped("run", file).code == 0
    (ended,) = Archive().runs()
    with started(tmp_path, GOES_ON) as run:
        assert complete("sloth-runner runs show ") == sorted([run.id, ended.id])
        assert complete("sloth-runner runs attach ") == [run.id]
        assert complete(f"sloth-runner runs undo {ended.id[:6]}") == [ended.id]
