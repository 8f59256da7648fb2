"""Values of secret keys are shown only on request."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import final_screen, on_terminal, piped

if TYPE_CHECKING:
    from pathlib import Path

NAMED = "db:password"
"""Secret by its name."""
DECLARED = "login"
"""A key that was marked as secret."""
MATCHING = "card:7"
"""Secret by a pattern of the settings."""

TASKS = """
task({name = "t", run = function()
  for _, key in ipairs({"db:password", "login", "card:7"}) do
    state.set(key, "hunter2")
    state.set(key, "hunter3")
    state.delete(key)
  end
  pcall(state.increment, "other:token")
  error("not done")
end})
"""


@pytest.fixture
def declared(base: Path, tmp_path: Path) -> Path:
    base.mkdir()
    (base / "config.toml").write_text('[history]\nsecret = ["card:*"]\n')
    for key in (NAMED, DECLARED, MATCHING, "other:token"):
        with open_store("local", "write") as store:
            store.set(key, "hunter1")
            if key == DECLARED:
                store.mark_secret(key)
    file = tmp_path / "tasks.lua"
    file.write_text(TASKS)
    return file


def test_a_run_tells_that_a_secret_changed_and_not_from_what_to_what(declared: Path) -> None:
    for key in (NAMED, DECLARED, MATCHING):
        piped("state", "delete", key, "--yes")
    done = piped("run", str(declared), "--undo-on-failure")
    changes = [line.strip() for line in done.out.splitlines() if line.strip().startswith(("changed", "took"))]
    assert changes == [
        f"changed {key}: {change}"
        for key in (NAMED, DECLARED, MATCHING)
        for change in ("absent -> (secret)", "(secret) -> (secret)", "(secret) -> absent")
    ]
    assert "hunter" not in done.out + done.err
    assert done.code == 20


def test_on_a_terminal_too(declared: Path) -> None:
    done = on_terminal("run", str(declared))
    shown = final_screen(done.stdout)
    assert "changed db:password: (secret) -> (secret)" in shown
    assert "changed login: (secret) -> absent" in shown
    assert b"hunter" not in done.stdout + done.stderr


def test_machines_are_told_that_it_is_a_secret_and_whether_it_was_there(declared: Path) -> None:
    done = piped("run", str(declared), "-o", "jsonl")
    told = [json.loads(line) for line in done.out.splitlines()]
    fields = ("old", "new", "secret", "created", "deleted")
    changes = [tuple(event[field] for field in fields) for event in told if event.get("key") == DECLARED]
    assert changes == [
        (None, None, True, False, False),
        (None, None, True, False, False),
        (None, None, True, False, True),
    ]
    exact = [tuple(event[field] for field in fields) for event in told if event.get("key") == NAMED]
    assert exact[0] == ("hunter1", "hunter2", False, False, False)


@pytest.mark.parametrize("key", [NAMED, DECLARED, MATCHING])
def test_a_condition_that_does_not_hold_tells_no_secret(key: str, declared: Path) -> None:
    done = piped("state", "set", key, "hunter4", "--if-value", "hunter5")
    assert done.err == f"error: key '{key}' holds another value, which is secret\nhint: nothing was written\n"
    assert (done.code, done.out) == (5, "")
    done = piped("state", "increment", key)
    assert done.err == f"error: key '{key}' does not hold a number\n"
    assert done.code == 5


def test_the_value_of_any_other_key_is_told(base: Path) -> None:
    piped("state", "set", "plain", "one")
    done = piped("state", "set", "plain", "three", "--if-value", "two")
    assert done.err == "error: key 'plain' holds string 'one', not string 'two'\nhint: nothing was written\n"


def test_history_tells_absence_from_secrecy(declared: Path) -> None:
    piped("state", "set", DECLARED, "hunter2")
    piped("state", "delete", DECLARED, "--yes")
    piped("state", "set", DECLARED, "hunter3")
    told = [line.split("\t")[-2:] for line in piped("state", "history", DECLARED).out.splitlines()]
    assert told == [
        ["(none)", "(secret)"],
        ["(secret)", "(none)"],
        ["(secret)", "(secret)"],
        ["(none)", "(secret)"],
    ]
    watched = piped("state", "watch", DECLARED, "--since", "0", "-n", "4").out.splitlines()
    assert [line.split("\t")[-2:] for line in watched] == told[::-1]
    assert "  (none) -> (secret)\n" in piped("state", "history", DECLARED, "--diff", "-n", "1").out


def test_differences_and_steps_back_tell_no_secret(declared: Path) -> None:
    start = piped("state", "stats", "-o", "json").out
    revision = str(json.loads(start)["revision"])
    piped("state", "set", DECLARED, "hunter2")
    assert piped("state", "diff", revision).out == f"{DECLARED}\t(secret)\t(secret)\n"
    steps = piped("state", "rollback", "--to", revision, "--dry-run").out
    assert steps == f"{DECLARED}\t(secret)\t(secret)\tsecret\n"
