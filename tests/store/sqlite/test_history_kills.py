"""Processes killed while they take back, forget, write or follow."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store import open_path
from tests.store.sqlite.others import run_other
from tests.support import A_MINUTE, rounds, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


KEYS = 3000
KILLS = rounds(2, 60)
WRITERS_KILLS = rounds(2, 25)
ENOUGH = 50
"""Writes, of all writers together."""

PRELUDE = """
import sys
from sloth_tui.origin import this_process
from sloth_tui.store import open_path
store = open_path(sys.argv[1], "write")
def begin(title):
    store.set_origin(this_process("test", title))
"""
UNDO = """
print("ready", flush=True)
while True:
    begin("undo")
    store.undo(store.newest_change_set())
"""
ROLLBACK = """
full = int(sys.argv[2])
print("ready", flush=True)
while True:
    for revision in (0, full):
        begin("rollback")
        store.rollback(revision)
"""
COMPACT = """
print("ready", flush=True)
number = 0
while True:
    begin("touch")
    number += 1
    store.set_many({f"key:{at:05}": f"{number} {at}" for at in range(0, 3000, 7)})
    store.compact(keep=1)
"""
WRITE = """
import random
print("ready", flush=True)
while True:
    begin("write")
    key = f"key:{random.randrange(5)}"
    deed = random.randrange(4)
    if deed == 0:
        store.delete(key)
    elif deed == 1:
        store.increment("shared")
    elif deed == 2:
        store.set(key, {"by": random.random()})
    else:
        store.set_many({key: random.random(), "both": random.random()})
"""


def kill_at_random(path: Path, program: str, *arguments: str) -> None:
    """Let it work for a while, then end it without a warning."""
    process = subprocess.Popen(
        [sys.executable, "-c", PRELUDE + program, str(path), *arguments], stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + random.uniform(0.01, 0.25)
        wait_until(lambda: time.monotonic() > deadline)
        process.kill()


def kill_repeatedly(path: Path) -> None:
    """At least so often, and until enough was written to say anything."""
    over = time.monotonic() + A_MINUTE
    killed = 0
    while killed < WRITERS_KILLS or written(path) < ENOUGH:
        assert time.monotonic() < over or killed < WRITERS_KILLS, f"{written(path)} writes in a minute"
        kill_at_random(path, WRITE)
        killed += 1


def written(path: Path) -> int:
    with open_path(str(path)) as store:
        return store.revision()


def fill(path: Path) -> int:
    with open_path(str(path), "write") as store:
        store.set_many({f"key:{at:05}": f"value {at}" for at in range(KEYS)})
        return store.revision()


def check_integrity(path: Path) -> None:
    assert run_other(path, "PRAGMA integrity_check") == [["ok"]]
    assert run_other(path, "SELECT count(*) FROM sloth_bulk") == [[0]]
    kept = "SELECT count(*), max(revision) - min(revision) + 1 FROM sloth_history WHERE revision > {}"
    with open_path(str(path)) as store:
        complete = store.complete_since()
    ((count, span),) = run_other(path, kept.format(complete))
    assert count == (span or 0)


@pytest.mark.parametrize("program", [UNDO, ROLLBACK], ids=["undo", "rollback"])
def test_killed_while_it_takes_back_it_has_done_all_or_nothing(path: Path, program: str) -> None:
    full = fill(path)
    for _ in range(KILLS):
        kill_at_random(path, program, str(full))
        with open_path(str(path)) as store:
            assert store.count() in (0, KEYS)
            newest = store.newest_change_set()
            assert newest.revisions == KEYS
            before = {entry.key: entry.value for entry in store.entries_at(newest.first_revision - 1)}
            assert len(before) == KEYS - store.count()
    check_integrity(path)


def test_killed_while_it_forgets_nothing_is_lost_that_is_there(path: Path) -> None:
    fill(path)
    for _ in range(KILLS):
        kill_at_random(path, COMPACT)
        check_integrity(path)
        with open_path(str(path)) as store:
            assert store.count() == KEYS
            values = [str(value).split() for value in dict(store.items()).values()]
            assert {number for number, (_, at) in enumerate(values) if int(at) != number} == set()
            changed = {words[0] for words in values[::7]}
            assert len(changed) == 1
            complete = store.complete_since()
            # Each of the first revisions made one key; what is known may begin among them.
            assert sum(1 for _ in store.entries_at(complete)) == min(complete, KEYS)


class Watcher:
    """``state watch`` in a process of its own, and all it printed."""

    def __init__(self) -> None:
        words = ["state", "watch", "--since", "0", "-o", "jsonl"]
        self.process = subprocess.Popen([sys.executable, "-m", "sloth_tui", *words], stdout=subprocess.PIPE)
        self.seen: list[tuple[object, ...]] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = json.loads(line)
            self.seen.append((found["revision"], found["key"], found["old"], found["new"]))

    def end(self) -> None:
        self.process.terminate()
        self._thread.join(60)
        with self.process:
            pass


def test_four_watchers_see_what_four_writers_do_that_are_killed_at_random(base: Path) -> None:
    path = base / "state" / "local.db"
    path.parent.mkdir(parents=True)
    with open_path(str(path), "write") as store:
        store.set("shared", 0)
    watchers = [Watcher() for _ in range(4)]
    try:
        rounds = [threading.Thread(target=kill_repeatedly, args=(path,)) for _ in range(4)]
        for thread in rounds:
            thread.start()
        for thread in rounds:
            thread.join()
        with open_path(str(path)) as store:
            newest = store.revision()
            history = [(one.revision, one.key, one.old, one.new) for one in store.revisions_since(0)]
        assert [one[0] for one in history] == list(range(1, newest + 1))
        wait_until(lambda: all(watcher.seen and watcher.seen[-1][0] == newest for watcher in watchers))
    finally:
        for watcher in watchers:
            watcher.end()
    for watcher in watchers:
        assert watcher.seen == history
