"""Every example, run from the screen by keys on a real terminal, leaves what a headless run leaves."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sloth_tui.runs.archive import Archive
from sloth_tui.store import open_store
from tests.cli.support import piped
from tests.examples.conftest import Machine
from tests.examples.test_every import OTHERS, SECTIONS, WORDS
from tests.support import sweep
from tests.tui.test_terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from sloth_tui.model import Lock

pytestmark = [pytest.mark.slow, pytest.mark.long]

HOME = "\x1b[H"


class Case(NamedTuple):
    example: str
    result: str = "done"
    values: tuple[str, ...] = ()
    """Words of the command line, such as ``--set a=1``."""
    tasks: tuple[str, ...] = ()
    """The chosen ones; all if there are none."""

    @property
    def words(self) -> list[str]:
        """What chooses the same on a command line."""
        values = [word for value in self.values for word in value.split(" ", 1)]
        return ["--example", self.example, *values, *(f"--task={task}" for task in self.tasks)]


TELLING = [
    Case("deploy", "failed", values=("--set rollback=true",)),
    Case("locks"),
    Case("nightly-cleanup", tasks=("old-releases", "stale-files")),
]
"""One that fails because of a value, one with locks, one of which some tasks are chosen."""
CASES = [
    *(Case(name, values=(" ".join(WORDS[name]),) if name in WORDS else ()) for name in (*SECTIONS, *OTHERS)),
    *TELLING,
    Case("versioned", values=("--set config_content=workers = 8",)),
    Case("config-fleet", "failed", values=('--set-json hosts={"db1": {"services": ["postgres"]}}',)),
    Case("web-server", values=("--set port=8080", "--set root=root")),
]
"""Each as it is; then some once more, whose values the form remembers."""


class Place:
    """A machine of its own, and an empty base directory. Tests are in the one that was entered last."""

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        self._directory = directory
        self._patch = patch
        self._path = os.environ["PATH"]
        (directory / "home").mkdir(parents=True)
        patch.setenv("HOME", str(directory / "home"))
        self._machine = Machine(directory)

    def enter(self) -> None:
        self._patch.chdir(self._machine.work)
        self._patch.setenv("HOME", str(self._machine.home))
        self._patch.setenv("SLOTH_RUNNER_HOME", str(self._directory / "base"))
        self._patch.setenv("PATH", f"{self._machine.system.bin}:{self._path}")

    def left(self, began: float) -> dict[str, object]:
        """The whole store without ids and times, the commands for the system, and the names of
        files. ``began``: unix seconds; a number of seconds since then is a time."""
        self.enter()
        with open_store("local") as store:
            entries = [(key, _timeless(value, began)) for key, value in store.items()]
            locks = [
                (lock.name, lock.holder, lock.token, lock.ephemeral, _lease(lock)) for lock in store.locks()
            ]
            past = [
                [(one.revision, one.operation, _timeless(one.new, began)) for one in store.revisions(key)]
                for key, _ in entries
            ]
        run = Archive().runs()[0]
        return {
            "entries": entries,
            "locks": locks,
            "past": past,
            "run": (run.file, run.result, run.exit_code, run.changed, run.keys, run.tasks),
            "calls": [call.replace(str(self._directory), "") for call in self._machine.calls],
            "files": sorted(
                path.removeprefix(str(self._directory))
                for path in self._machine.files()
                if "examples" in path
            ),
        }


def _timeless(value: object, began: float) -> tuple[type, object]:
    if isinstance(value, str) and re.fullmatch(r"\d{10}", value) and began - 1 <= int(value) <= time.time():
        return str, "a time"
    return type(value), value


def _lease(lock: Lock) -> int:
    assert lock.acquired_at is not None
    return round(lock.expires_at - lock.acquired_at)


def run_by_keys(terminal: Terminal, case: Case) -> None:
    """Choose the example by its name, its values and tasks; run it, and wait for its end."""
    send = terminal.process.send
    send(f"1/{case.example}\r")
    terminal.sees(f"$ sloth-runner run --example {case.example} ")
    terminal.sees("T Tasks")
    for value in case.values:
        send("Vn")
        terminal.sees("Set a value")
        send(value + "\r")
        terminal.loses("Set a value")
    if case.tasks:
        send("T")
        terminal.sees(f"· {case.tasks[-1]} ")
        rows = [found[1] for line in terminal.screen.display if (found := re.search(r"││ · (\S+)", line))]
        for task in case.tasks:
            send(HOME + "j" * rows.index(task) + " ")
        terminal.sees(f"{len(case.tasks)} of {len(rows)} chosen")
    send("r")
    terminal.sees(f"{case.result} {case.example}.lua on local")


def test_it_leaves_what_a_headless_run_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.time()
    headless = Place(tmp_path / "headless", monkeypatch)
    here = Place(tmp_path / "screen", monkeypatch)
    here.enter()
    terminal = Terminal(size=(120, 40))
    terminal.sees("No key here yet")
    terminal.process.send("r")
    terminal.sees("1 Files")
    for case in sweep(CASES, TELLING):
        run_by_keys(terminal, case)
        headless.enter()
        result = piped("run", *case.words)
        assert result.code == (0 if case.result == "done" else 20), result.out
        assert here.left(began) == headless.left(began), case
    terminal.process.send("qq")
    terminal.ends(0)
