"""Commands on another store than the files of this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sloth_tui.cli.parsing import registry
from sloth_tui.store.sqlite import state_directory
from tests.cli.support import piped
from tests.elsewhere import fake

if TYPE_CHECKING:
    from pathlib import Path

_RUNS = {f"runs {verb}" for verb in ("list", "show", "output", "attach", "undo", "stop", "forget")}
WITHOUT = {"examples", "examples show", "hosts", "completion", *_RUNS}
"""Commands that have no store: a run that is kept says in which one it was."""


def test_every_command_with_a_store_takes_the_flag() -> None:
    takers = {
        " ".join(path)
        for path in registry.paths()
        if any("--store" in option.flags for option in registry.load(path).options)
    }
    assert takers == {" ".join(path) for path in registry.paths()} - WITHOUT


@pytest.mark.parametrize("at", ["before", "after", "equals"])
def test_the_flag_stands_before_or_after_the_command(chosen: Path, at: str) -> None:
    words = {
        "before": ("--store", "files", "state", "list", "-o", "json"),
        "after": ("state", "list", "-o", "json", "--store", "files"),
        "equals": ("--store=files", "state", "list", "-o", "json"),
    }[at]
    done = piped(*words)
    assert (done.code, done.out) == (0, "{}\n")


def test_entries_locks_and_agents_are_those_of_the_store(chosen: Path) -> None:
    def said(*words: str) -> str:
        done = piped(*words)
        assert (done.code, done.err) == (0, "")
        return done.out

    assert said("state", "get", "app:name", "app:size") == "shop\n3\n"
    assert said("state", "list", "-o", "keys", "-a", "web") == "page\n"
    said("state", "set", "app:name", "bazaar")
    assert said("state", "increment", "app:size") == "4\n"
    assert said("state", "get", "app:name", "app:size") == "bazaar\n4\n"
    assert said("lock", "acquire", "deploy", "--holder", "ci", "--ttl", "60") == "1\n"
    assert said("agents", "-o", "keys") == "local\nweb\n"
    assert [each["path"] for each in json.loads(said("agents", "-o", "json"))] == [fake.ADDRESS] * 2
    assert not (chosen.parent / "base").exists()


def test_an_agent_without_a_store_is_an_error(chosen: Path) -> None:
    done = piped("state", "list", "-a", "nobody")
    assert (done.code, done.out, done.err) == (3, "", "error: agent 'nobody' has no store\n")


def test_a_store_that_does_not_answer_is_an_error(chosen: Path) -> None:
    (chosen / "down").touch()
    told = f"error: {fake.ADDRESS}: no answer\nhint: is a server running there?\n"
    for words in (("state", "get", "k"), ("state", "set", "k", "v"), ("agents",), ("store", "check")):
        done = piped(*words)
        assert (done.code, done.out, done.err) == (7, "", told)


def test_check_tells_what_the_store_answers(chosen: Path) -> None:
    done = piped("store", "check")
    assert (done.code, done.err) == (0, "warning: nearly full: make room\n")
    assert dict(line.split("\t") for line in done.out.splitlines()) == {
        "backend": "fake",
        "location": fake.ADDRESS,
        "version": "1.2.3",
        "encrypted": "yes",
        "user": "ci",
        "read took": "1.25 ms",
    }
    assert json.loads(piped("store", "check", "-o", "json").out) == {
        "backend": "fake",
        "location": fake.ADDRESS,
        "version": "1.2.3",
        "tls": True,
        "user": "ci",
        "latency_ms": 1.25,
        "warnings": ["nearly full: make room"],
    }


def test_check_of_files_reads_and_creates_nothing(base: Path) -> None:
    done = piped("store", "check")
    assert (done.code, done.err) == (0, "")
    fields = dict(line.split("\t") for line in done.out.splitlines())
    version = fields.pop("version")
    assert version.split(".")[0] == "3"
    assert fields.pop("read took").endswith(" ms")
    assert fields == {
        "backend": "sqlite",
        "location": state_directory(),
        "encrypted": "no network",
        "user": "-",
    }
    assert not base.exists()
    record = json.loads(piped("store", "check", "-o", "json").out)
    assert record.pop("latency_ms") > 0
    assert record == {
        "backend": "sqlite",
        "location": state_directory(),
        "version": version,
        "tls": False,
        "user": None,
        "warnings": [],
    }


def test_check_of_files_tells_what_others_can_change(base: Path) -> None:
    assert piped("state", "set", "k", "v").code == 0
    path = base / "state" / "local.db"
    path.chmod(0o666)
    done = piped("store", "check")
    assert (done.code, done.err) == (0, f"warning: every user can change {path}: chmod go-rwx {path}\n")


def test_check_of_a_damaged_database_is_an_error(base: Path) -> None:
    (base / "state").mkdir(parents=True)
    (base / "state" / "local.db").write_text("no database at all, but text of some length" * 30)
    done = piped("store", "check")
    assert done.code == 7
    assert done.out == ""
    assert str(base / "state" / "local.db") in done.err
