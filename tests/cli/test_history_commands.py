"""Undo, rollback, secrets and watching, which take more than one command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from sloth_tui.store import open_store
from tests.cli.support import on_terminal, piped
from tests.support import wait_until


def run(*words: str) -> str:
    """Return the output of a command, which must succeed."""
    result = piped(*words)
    assert (result.code, result.err) == (0, "")
    return result.out


def titles() -> list[str]:
    return [json.loads(line)["title"] for line in run("state", "log", "-o", "jsonl").splitlines()]


class Following:
    """A command in a process of its own, whose lines are read as they come."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sloth_tui", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()


@pytest.fixture
def entries() -> None:
    for key, value in (("a", "1"), ("tmp:x", "1"), ("tmp:y", "2")):
        run("state", "set", key, value)


@pytest.mark.usefixtures("entries")
def test_a_clear_is_taken_back_and_done_again() -> None:
    run("state", "clear", "--prefix", "tmp:", "--yes")
    assert run("state", "list", "-o", "keys") == "a\n"
    run("state", "undo")
    assert run("state", "get", "tmp:x", "tmp:y") == "1\n2\n"
    run("state", "undo")
    assert run("state", "list", "-o", "keys") == "a\n"
    assert titles() == [
        "undo 5: undo 4: clear --prefix tmp:", "undo 4: clear --prefix tmp:", "clear --prefix tmp:",
        "set tmp:y", "set tmp:x", "set a",
    ]  # fmt: skip


@pytest.mark.usefixtures("entries")
def test_undo_names_what_somebody_changed_since() -> None:
    run("state", "set", "tmp:x", "other")
    refused = piped("state", "undo", "2")
    assert (refused.code, refused.out) == (5, "")
    assert "tmp:x" in refused.err
    assert run("state", "undo", "2", "--dry-run") == "tmp:x\tother\t(none)\tchanged\n"
    assert run("state", "get", "tmp:x") == "other\n"
    run("state", "undo", "2", "--force")
    assert run("state", "list", "-o", "keys") == "a\ntmp:y\n"


@pytest.mark.usefixtures("entries")
def test_rollback_is_one_change_that_can_be_taken_back() -> None:
    run("state", "set", "a", "9")
    run("state", "delete", "tmp:x", "--yes")
    assert piped("state", "rollback", "--to", "3").code == 9
    assert run("state", "get", "a") == "9\n"
    run("state", "rollback", "--to", "3", "--yes")
    assert run("state", "list", "-o", "json") == run("state", "list", "--at", "3", "-o", "json")
    run("state", "undo")
    assert json.loads(run("state", "list", "-o", "json")) == {"a": "9", "tmp:y": "2"}


@pytest.mark.usefixtures("entries")
def test_a_rollback_of_something_else_than_was_shown_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(*_: object, **__: object) -> None:
        with open_store("local", "write") as store:
            store.set("b", "new")

    monkeypatch.setattr("sloth_tui.cli.commands.state_rollback.confirm", meanwhile)
    result = on_terminal("state", "rollback", "--to", "1")
    assert result.code == 5
    assert b"try again" in result.stderr
    assert run("state", "get", "tmp:x") == "1\n"


def test_a_secret_is_shown_but_not_kept() -> None:
    for value in ("first", "second", "third"):
        run("state", "set", "login", value, "--secret")
    assert run("state", "get", "login") == "third\n"
    history = run("state", "history", "login")
    assert [line.split("\t")[-1] for line in history.splitlines()] == ["(secret)"] * 3
    assert "first" not in history
    assert piped("state", "undo").code == 5
    assert piped("state", "show", "login", "--revision", "2").code == 3


def test_compacting_makes_the_file_smaller_and_says_what_is_gone() -> None:
    with open_store("local", "write") as store:
        for number in range(30):
            store.set("big", f"{number} " + "x" * 50_000)
    before = json.loads(run("state", "stats", "-o", "json"))
    told = on_terminal("state", "compact", "--keep", "2")
    assert b"forgot 28 revisions" in told.stderr
    after = json.loads(run("state", "stats", "-o", "json"))
    assert after["file_size"] < before["file_size"] / 4
    assert (after["revisions"], after["complete_since"]) == (2, 28)
    refused = piped("state", "list", "--at", "5")
    assert (refused.code, "complete since revision 28" in refused.err) == (3, True)
    assert piped("state", "watch", "--since", "5").code == 3


def test_watching_prints_what_others_do_when_they_do_it_and_in_order() -> None:
    run("state", "set", "first", "1")
    watching = Following("state", "watch", "k", "--since", "0", "-n", "4", "-o", "jsonl")
    with watching.process:
        run("state", "set", "k:1", "a")
        assert json.loads(watching.line())["key"] == "k:1"
        for number in range(3):
            run("state", "set", "elsewhere", str(number))
            with open_store("local", "write") as store:
                store.increment("k:n")
            assert json.loads(watching.line())["new"] == number + 1
        assert watching.process.wait(60) == 0


@pytest.mark.slow
def test_an_idle_watcher_costs_next_to_nothing() -> None:
    run("state", "set", "k", "1")
    watching = Following("state", "watch", "--since", "0")
    with watching.process as process:
        watching.line()
        before, started = _cpu(process.pid), time.monotonic()
        wait_until(lambda: time.monotonic() - started > 2)
        used, passed = _cpu(process.pid) - before, time.monotonic() - started
        process.terminate()
    # Of a processor's time, which does not depend on who else wants it. Half a percent is usual.
    assert used < passed / 10


def _cpu(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("condition", [(), ("--value", "here")])
def test_waiting_ends_when_it_happens(condition: tuple[str, ...]) -> None:
    waiting = Following("state", "wait", "k", *condition, "--timeout", "20")
    with waiting.process as process:
        run("state", "set", "k:near", "here")
        run("state", "set", "k", "here")
        assert waiting.line() == "here\n"
        assert process.wait(60) == 0


def test_waiting_for_a_change() -> None:
    run("state", "set", "k", "0", "--type", "integer")
    waiting = Following("state", "wait", "k", "--changed", "--timeout", "20")
    with waiting.process as process:
        wait_until(lambda: run("state", "increment", "k") and process.poll() is not None)
        assert process.returncode == 0
        assert int(waiting.line()) > 0


def test_waiting_for_a_deletion() -> None:
    run("state", "set", "k", "1")
    waiting = Following("state", "wait", "k", "--absent", "--timeout", "20")
    with waiting.process as process:
        run("state", "delete", "k", "--yes")
        assert process.wait(60) == 0
        assert waiting.line() == ""
