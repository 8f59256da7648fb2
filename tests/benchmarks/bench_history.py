"""History against bare statements on a table without any, and against the present.

``python -m tests.benchmarks.bench_history``. Both sides take turns, at the same durability; what is printed
is the median of the rounds' ratios, beside the goal. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING

import apsw

from sloth_tui.origin import this_process
from sloth_tui.store import open_path

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.sqlite.store import SqliteStore

ROWS = 100_000
ROUNDS = 3
SETS = 2000
BUSY = 1_000_000
SCHEMA = (
    "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, created_at DATETIME, updated_at DATETIME)"
)
VALUES = {f"pkg:installed:{number:06}": f"version {number} " + "x" * 60 for number in range(ROWS)}


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def report(name: str, ratios: list[float], goal: str) -> None:
    print(f"{name:<44} {statistics.median(ratios):6.2f}x   goal {goal}", flush=True)


def begin(store: SqliteStore, title: str) -> None:
    store.set_origin(this_process("benchmark", title))


def bare_database(directory: str) -> apsw.Connection:
    connection = apsw.Connection(os.path.join(directory, "bare.db"))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(SCHEMA)
    with connection:
        connection.executemany(
            "INSERT INTO state VALUES (?, ?, datetime(), datetime())", list(VALUES.items())
        )
    connection.execute("CREATE TABLE copy AS SELECT * FROM state")
    return connection


def measure_sets(store: SqliteStore, bare: apsw.Connection) -> None:
    keys = list(VALUES)[:SETS]
    statement = "UPDATE state SET value = ?, updated_at = datetime() WHERE key = ?"
    ratios = []
    for number in range(ROUNDS):
        begin(store, "set")
        store.set("pkg:first", number)
        ours = timed(lambda mark=f"set {number}": [store.set(key, mark) for key in keys])  # type: ignore[misc]
        theirs = timed(lambda mark=f"set {number}": [bare.execute(statement, (mark, key)) for key in keys])  # type: ignore[misc]
        ratios.append(ours / theirs)
    report("set, against UPDATE without history", ratios, "1.35x")


def measure_bulk(store: SqliteStore, bare: apsw.Connection) -> None:
    def run(statement: str) -> None:
        with bare:
            bare.execute(statement)

    deletes, undos = [], []
    for _ in range(ROUNDS):
        begin(store, "delete")
        ours = timed(lambda: store.delete_prefix("pkg:"))
        deletes.append(ours / timed(lambda: run("DELETE FROM state WHERE key >= 'pkg:' AND key < 'pkg;'")))
        begin(store, "undo")
        change = store.newest_change_set()
        ours = timed(lambda change=change: store.undo(change))  # type: ignore[misc]
        undos.append(ours / timed(lambda: run("INSERT INTO state SELECT * FROM copy")))
    report("delete of 100,000 keys, against DELETE", deletes, "5x")
    report("its undo, against INSERT", undos, "5x")


def measure_past(store: SqliteStore) -> None:
    then = store.revision()
    begin(store, "change")
    store.delete_prefix("pkg:installed:00")
    ratios = []
    for _ in range(ROUNDS):
        past = timed(lambda: sum(1 for _ in store.entries_at(then)))
        ratios.append(past / timed(lambda: sum(1 for _ in store.entries())))
    report("list --at of 100,000 keys, against list", ratios, "5x")


def measure_key(directory: str) -> None:
    """As processes, among a million revisions."""
    base = os.path.join(directory, "base")
    path = os.path.join(base, "state", "local.db")
    os.makedirs(os.path.dirname(path))
    with open_path(path, "write") as store:
        for start in range(0, BUSY, ROWS):
            store.set_many({f"key:{number:07}": "value" for number in range(start, start + ROWS)})
        for number in range(5):
            store.set("key:0500000", number)
    environment = {**os.environ, "SLOTH_RUNNER_HOME": base}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)

    def run(*words: str) -> float:
        command = [sys.executable, "-m", "sloth_tui", "state", *words]
        return timed(lambda: subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True))

    run("history", "key:0500000")
    run("get", "key:0500000")
    ratios = [run("history", "key:0500000") / run("get", "key:0500000") for _ in range(15)]
    report("history of one key among 1,000,000, against get", ratios, "2x")
    measure_compaction(path)


def measure_compaction(path: str) -> None:
    """The longest that a writer waits while half a million revisions are forgotten."""
    waits: list[float] = []
    done = threading.Event()

    def write() -> None:
        with open_path(path, "write") as store:
            number = 0
            while not done.is_set():
                number += 1
                waits.append(timed(lambda mark=number: store.set("written", mark)))  # type: ignore[misc]
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    with open_path(path, "write") as store:
        writer.start()
        started = time.perf_counter()
        forgotten = store.compact(upto=BUSY // 2)
        took = time.perf_counter() - started
        done.set()
        writer.join()
    waits.sort()
    print(
        f"compaction of {forgotten:,} revisions: {took:.1f} s; a writer waited at most "
        f"{waits[-1] * 1000:.0f} ms, of 100 times 99 at most {waits[len(waits) * 99 // 100] * 1000:.0f} ms   "
        "goal 50 ms"
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        bare = bare_database(directory)
        with open_path(os.path.join(directory, "ours.db"), "write") as store:
            store.set_many(VALUES)
            measure_sets(store, bare)
            measure_bulk(store, bare)
            measure_past(store)
        bare.close()
        measure_key(directory)


if __name__ == "__main__":
    main()
