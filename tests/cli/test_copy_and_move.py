"""``state copy`` and ``state move`` within an agent and between agents: conflicts, undo, secrets, kills."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_store
from tests.cli.support import final_screen, on_terminal, piped
from tests.servers.etcd import Etcd, needs_etcd
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping


def state(agent: str = "local", address: str = "files") -> dict[str, object]:
    with open_store(agent, "read", address=address) as store:
        return dict(store.items())


def fill(values: Mapping[str, str | int], agent: str = "local") -> None:
    with open_store(agent, "write") as store:
        store.set_many(dict(values))


def done(*words: str) -> dict[str, object]:
    result = piped("state", *words, "-o", "json")
    assert (result.code, result.err) == (0, "")
    found: dict[str, object] = json.loads(result.out)
    return found


def test_a_key_is_copied_and_moved_as_one_change_set_and_taken_back() -> None:
    fill({"a": 1, "b": "two"})
    copied = done("copy", "a", "c")
    assert [copied[name] for name in ("key", "prefix", "to", "entries", "changed", "kept", "removed")] == [
        *("a", None, "c", 1, 1, 0, 0)
    ]
    assert state() == {"a": 1, "b": "two", "c": 1}
    moved = done("move", "b", "d:100%_\n")
    assert (moved["changed"], moved["removed"]) == (1, 1)
    assert state() == {"a": 1, "c": 1, "d:100%_\n": "two"}
    with open_store("local") as store:
        newest = store.newest_change_set()
        assert (newest.revisions, newest.origin and newest.origin.title) == (2, "move 'b' to 'd:100%_\n'")
    piped("state", "undo")
    assert state() == {"a": 1, "b": "two", "c": 1}


def test_what_is_told() -> None:
    fill({"a": 1, "x:1": 1, "x:2": 2, "y:2": 3})

    def told(*words: str) -> str:
        result = on_terminal("state", *words, columns=200)
        assert result.out == ""
        return final_screen(result.stderr, 200).splitlines()[-1]

    assert told("copy", "a", "b") == "copied 1 entry to 'b'"
    assert told("move", "--prefix", "x:", "y:", "--on-conflict", "keep") == ("moved 1 of 2 entries to 'y:'")
    assert told("move", "--prefix", "none:", "y:") == "nothing to move"
    assert told("copy", "a", "--to-agent", "other").startswith("set 1 of 1 entry in agent 'other' at ")
    assert told("copy", "a", "--to-agent", "other").endswith(" has all 1 entry already; nothing was changed")


def test_another_value_there_is_a_conflict_unless_told_and_the_same_is_none() -> None:
    fill({"p:a": 1, "p:b": 2, "p:c": 3, "q:a": 1, "q:b": "other"})
    before = state()
    for words in (("copy", "--prefix", "p:", "q:"), ("move", "--prefix", "p:", "q:"), ("move", "p:b", "q:b")):
        result = piped("state", *words)
        assert (result.code, result.out, result.err) == (
            5,
            "",
            "error: key 'q:b' has another value there already; nothing was changed\n"
            "hint: --on-conflict keep leaves them, --on-conflict overwrite replaces them\n",
        )
        assert state() == before
    kept = done("move", "--prefix", "p:", "q:", "--on-conflict", "keep")
    assert (kept["entries"], kept["changed"], kept["kept"], kept["removed"]) == (3, 1, 1, 2)
    assert state() == {"p:b": 2, "q:a": 1, "q:b": "other", "q:c": 3}
    done("move", "--prefix", "p:", "q:", "--on-conflict", "overwrite")
    assert state() == {"q:a": 1, "q:b": 2, "q:c": 3}


@pytest.mark.parametrize("rule", ["fail", "overwrite", "keep"])
def test_a_prefix_moves_into_itself_and_out_again(rule: str) -> None:
    was = {"a:": "0", "a:x": "1", "a:a:x": "2", "a:a:a:x": "3", "b": "4"}
    fill(was)
    done("move", "--prefix", "a:", "a:a:", "--on-conflict", rule)
    assert state() == {"a:a:": "0", "a:a:x": "1", "a:a:a:x": "2", "a:a:a:a:x": "3", "b": "4"}
    done("move", "--prefix", "a:a:", "a:", "--on-conflict", rule)
    assert state() == was


def test_what_has_to_stay_keeps_its_place_in_a_move_out_of_itself() -> None:
    fill({"x": "kept", "a:x": "stays", "a:a:x": "too"})
    done("move", "--prefix", "a:", "", "--on-conflict", "keep")
    assert state() == {"x": "kept", "a:x": "stays", "a:a:x": "too"}


def test_what_is_wrong_changes_nothing() -> None:
    fill({"a": 1})
    for words, code, err in (
        (("copy", "b", "c"), 3, "error: no key 'b'\n"),
        (("move", "a"), 2, "error: DST is needed unless --to-agent or --to-store is given\nhint: "),
        (("move", "a", ""), 2, "error: a key must not be empty\nhint: "),
        (("copy", "a", "x" * 5000), 2, f"error: key '{'x' * 64}…' has 5,000 bytes\n"),
        (("copy", "a", "b", "--to-agent", "../x"), 2, "error: "),
        (("copy", "a", "b", "--to-store", "s4://x"), 2, "error: "),
        (("move", "--prefix", "a", "a"), 2, "error: "),
        (("copy", "a", "b", "c"), 2, "error: "),
    ):
        result = piped("state", *words)
        assert (result.code, result.out) == (code, "")
        assert result.err.startswith(err)
    assert state() == {"a": 1}
    assert piped("agents", "-o", "keys").out == "local\n"


def test_a_secret_stays_one_under_its_new_key_and_elsewhere() -> None:
    assert piped("state", "set", "plain", "s3cret-1", "--secret").code == 0
    for words in (("copy", "plain", "b"), ("move", "b", "c"), ("copy", "plain", "--to-agent", "other")):
        assert piped("state", *words).code == 0
    for agent, key in (("local", "c"), ("other", "plain")):
        assert piped("state", "set", key, "s3cret-2", "--agent", agent).code == 0
        with open_store(agent) as store:
            assert next(store.revisions(key)).secret


def test_a_move_keeps_the_time_to_live_and_a_copy_has_none() -> None:
    for key in ("a", "p:x"):
        assert piped("state", "set", key, "1", "--ttl", "1000").code == 0
    done("copy", "a", "b")
    done("move", "a", "c")
    done("move", "--prefix", "p:", "q:", "--to-agent", "other")

    def left(key: str, agent: str = "local") -> bool:
        with open_store(agent) as store:
            found = store.ttl(key)
        return found is not None and 0 < found <= 1000

    assert (left("b"), left("c"), left("q:x", "other")) == (False, True, True)


def test_between_agents_each_has_its_own_change_set() -> None:
    fill({"a": 1, "p:x": "one", "p:y": "two"})
    fill({"p:x": "one"}, "other")
    moved = done("move", "--prefix", "p:", "--to-agent", "other")
    assert (moved["entries"], moved["changed"], moved["removed"]) == (2, 1, 2)
    assert (state(), state("other")) == ({"a": 1}, {"p:x": "one", "p:y": "two"})
    piped("state", "undo")
    assert state() == {"a": 1, "p:x": "one", "p:y": "two"}
    done("copy", "a", "b", "--to-agent", "other")
    assert state("other")["b"] == 1
    everything = done("move", "--prefix", "", "--to-agent", "fresh")
    assert isinstance(everything["revisions"], int)
    assert (state(), state("fresh")) == ({}, {"a": 1, "p:x": "one", "p:y": "two"})


@pytest.mark.slow
@needs_etcd
def test_to_etcd_within_it_and_back() -> None:
    fill({"p:x": "one", "p:y": 2, "p:z": "other"})
    with Etcd() as etcd:
        address = etcd.address("shop")
        done("copy", "--prefix", "p:", "q:", "--to-store", address)
        done("move", "--prefix", "q:", "r:", "--store", address)
        assert state(address=address) == {"r:x": "one", "r:y": 2, "r:z": "other"}
        assert piped("state", "copy", "r:x", "r:y", "--store", address).code == 5
        piped("state", "undo", "--store", address)
        assert set(state(address=address)) == {"q:x", "q:y", "q:z"}
        moved = done("move", "--prefix", "q:", "--store", address, "--to-store", "files")
        assert moved["removed"] == 3
        assert state(address=address) == {}
    assert state()["q:y"] == 2


@pytest.mark.slow
def test_a_killed_move_is_done_or_not_and_can_be_repeated_and_nothing_is_lost() -> None:
    values: dict[str, str | int] = {f"p:{number:05}": f"value {number}" for number in range(3000)}
    chance = random.Random(7)
    for turn in range(rounds(3, 30)):
        agent, to = f"a{turn}", ("q:", "--agent") if turn % 2 else ("p:", "--to-agent")
        fill(values, agent)
        words = ["state", "move", "--prefix", "p:", "q:", "--agent", agent]
        if to[1] == "--to-agent":
            words += ["--to-agent", f"b{turn}"]
        target = agent if to[1] == "--agent" else f"b{turn}"
        program = [sys.executable, "-m", "sloth_tui", *words]
        process = subprocess.Popen(program)
        time.sleep(chance.uniform(0.0, 0.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        here = state(agent)
        there = {} if target == agent else (state(target) if _is_there(target) else {})
        moved = {f"q:{key[2:]}": value for key, value in values.items()}
        if target == agent:
            assert here in (values, moved)
        else:
            assert (here, there) in ((values, {}), (values, moved), ({}, moved))
        assert piped(*words).code == 0
        assert state(target) == moved
        assert target == agent or state(agent) == {}


def _is_there(agent: str) -> bool:
    return agent in piped("agents", "-o", "keys").out.split()


@pytest.mark.slow
def test_an_original_that_is_changed_before_it_is_deleted_is_not_lost() -> None:
    """The move is held up between the two agents by a transaction on the first."""
    fill({"p:x": "old"})
    fill({"other": 1}, "target")
    with open_store("local", "write") as store:
        with store.transaction():
            program = [sys.executable, "-m", "sloth_tui", "state", "move", "p:x", "--to-agent", "target"]
            process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
            wait_until(lambda: "p:x" in state("target"))
            store.set("p:x", "new")
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err.partition(";")[0]) == (5, "error: key 'p:x': changed while moved")
    assert (state(), state("target")["p:x"]) == ({"p:x": "new"}, "old")
    done("move", "p:x", "--to-agent", "target", "--on-conflict", "overwrite")
    assert (state(), state("target")["p:x"]) == ({}, "new")
