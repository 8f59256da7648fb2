"""Locks against the two bare APSW statements that take and give back a row, at the same durability; and the
whole command ``lock run true`` against ``lock acquire`` and ``lock release``.

``python -m tests.benchmarks.bench_locks``. The sides take turns; what is printed is the median of the rounds'
ratios. The bare statements have neither tokens nor owners nor a clock of their own. Nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from sloth_tui.store import open_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.sqlite.store import SqliteStore

ROUNDS = 21
COMMAND_ROUNDS = 31
PAIRS = 200

SCHEMA = """CREATE TABLE locks (
  name TEXT PRIMARY KEY, holder TEXT NOT NULL, acquired_at DATETIME, expires_at DATETIME NOT NULL)"""
TAKE = """INSERT INTO locks (name, holder, acquired_at, expires_at)
VALUES (?, ?, datetime(), datetime('now', '+300 seconds'))
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, acquired_at = excluded.acquired_at,
  expires_at = excluded.expires_at WHERE locks.expires_at <= excluded.acquired_at"""
GIVE_BACK = "DELETE FROM locks WHERE name = ? AND holder = ?"


def open_bare(path: str) -> apsw.Connection:
    connection = apsw.Connection(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(SCHEMA)
    return connection


def bare_pairs(connection: apsw.Connection) -> None:
    for _ in range(PAIRS):
        connection.execute(TAKE, ("deploy", "task-1"))
        connection.execute(GIVE_BACK, ("deploy", "task-1"))


def our_pairs(store: SqliteStore, *, ephemeral: bool) -> None:
    for _ in range(PAIRS):
        store.acquire("deploy", "task-1", 300, ephemeral=ephemeral)
        store.release("deploy", "task-1")


def writes(store: SqliteStore) -> None:
    for number in range(PAIRS):
        store.set("key", number)


def fenced_writes(store: SqliteStore) -> None:
    """The lock is ephemeral, so that every check also looks at its process."""
    lock = store.acquire("deploy", "task-1", 300, ephemeral=True)
    store.fence("deploy", lock.token)
    writes(store)
    store.unfence("deploy")
    store.release("deploy", "task-1", token=lock.token)


def compare(title: str, ours: Callable[[], None], other: Callable[[], None]) -> str:
    sides: list[tuple[Callable[[], None], list[float]]] = [(ours, []), (other, [])]
    for turn in range(ROUNDS + 1):
        for act, times in sides if turn % 2 else reversed(sides):
            begun = time.perf_counter()
            act()
            times.append((time.perf_counter() - begun) / PAIRS * 1e6)
    (_, our_times), (_, other_times) = sides
    ratios = [mine / theirs for mine, theirs in zip(our_times[1:], other_times[1:], strict=True)]
    return (
        f"{title:40} {statistics.median(ratios):5.2f}x  "
        f"({statistics.median(our_times):7.1f} µs, {statistics.median(other_times):7.1f} µs)"
    )


def compare_commands() -> str:
    """Whole processes, in turns."""
    program = str(Path(sys.executable).parent / "sloth-runner")
    ours = [[program, "lock", "run", "deploy", "--", "true"]]
    other = [
        [program, "lock", "acquire", "deploy", "--holder", "h", "--ttl", "30"],
        [program, "lock", "release", "deploy", "--holder", "h"],
    ]
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(COMMAND_ROUNDS + 1):
        for commands, times in zip((ours, other), taken, strict=True):
            began = time.perf_counter()
            for command in commands:
                subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            if turn:  # the first round fills the caches
                times.append(time.perf_counter() - began)
    mine, theirs = map(statistics.median, taken)
    ratio = statistics.median(one / two for one, two in zip(*taken, strict=True))
    title = "lock run true, to acquire + release"
    return f"{title:40} {ratio:5.2f}x  ({mine * 1e3:7.1f} ms, {theirs * 1e3:7.1f} ms)   goal ≤ 1.3"


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        bare = open_bare(os.path.join(directory, "bare.db"))
        with open_path(os.path.join(directory, "ours.db"), "write") as store:
            title = "lock + unlock, to bare statements"
            print(compare(title, lambda: our_pairs(store, ephemeral=False), lambda: bare_pairs(bare)))
            title = "the same, tied to the process"
            print(compare(title, lambda: our_pairs(store, ephemeral=True), lambda: bare_pairs(bare)))
            title = "set behind a fence, to set without"
            print(compare(title, lambda: fenced_writes(store), lambda: writes(store)))
        bare.close()
        os.environ["SLOTH_RUNNER_HOME"] = directory
        print(compare_commands())


if __name__ == "__main__":
    main()
