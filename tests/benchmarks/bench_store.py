"""The store against bare APSW statements on the same table without history, at the same durability.

``python -m tests.benchmarks.bench_store``. Ours and the bare statements take turns; what is printed is
the median of the rounds' ratios. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

import apsw

from sloth_tui.store import open_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Barrier

    from sloth_tui.model import Value
    from sloth_tui.store.sqlite.store import SqliteStore

ROWS = 100_000
LISTED = 10_000
ROUNDS = 15
WRITERS = 4
SECONDS = 3.0

SCHEMA = """
CREATE TABLE state (
  key TEXT PRIMARY KEY, value TEXT NOT NULL, created_at DATETIME, updated_at DATETIME);
CREATE TABLE locks (
  name TEXT PRIMARY KEY, holder TEXT NOT NULL, acquired_at DATETIME, expires_at DATETIME NOT NULL)"""
FILL = "INSERT INTO state VALUES (?, ?, datetime(), datetime())"
GET = "SELECT value FROM state WHERE key = ?"
SET = """INSERT INTO state (key, value, created_at, updated_at) VALUES (?, ?, datetime(), datetime())
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"""
INCREMENT = """INSERT INTO state (key, value, created_at, updated_at) VALUES (?, 1, datetime(), datetime())
ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1, updated_at = excluded.updated_at
RETURNING value"""
LIST = "SELECT key, value FROM state WHERE key >= ? AND key < ? ORDER BY key"


class Contender(NamedTuple):
    """What one round of each side does, and how many operations that is."""

    name: str
    operations: int
    ours: Callable[[int], object]
    bare: Callable[[int], object]
    goal: float


def key(number: int) -> str:
    return f"group{number // LISTED}:key:{number % LISTED:05}"


def fill(path: str) -> None:
    """The documented tables with a hundred thousand short strings."""
    connection = apsw.Connection(path)
    connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute(SCHEMA)
        connection.executemany(FILL, ((key(number), f"value {number}") for number in range(ROWS)))
    connection.close()


def contenders(store: SqliteStore, bare: apsw.Connection) -> list[Contender]:
    keys = [key(number * 7919 % ROWS) for number in range(20_000)]

    def each(act: Callable[[str, int], object], count: int) -> Callable[[int], object]:
        def run(turn: int) -> None:
            for place in range(count):
                act(keys[(turn * count + place) % len(keys)], turn)

        return run

    def bare_increment(name: str, _: int) -> int:
        return int(bare.execute(INCREMENT, ("n:" + name[-1],)).get)

    def bulk(turn: int) -> dict[str, Value]:
        return dict.fromkeys(keys[:5000], str(turn))

    def bare_bulk(turn: int) -> None:
        with bare:
            for name, value in bulk(turn).items():
                bare.execute(SET, (name, value))

    return [
        Contender("get", 20_000, each(lambda name, _: store.get(name), 20_000),
                  each(lambda name, _: bare.execute(GET, (name,)).get, 20_000), 1.6),
        Contender("set", 500, each(lambda name, turn: store.set(name, f"v{turn}"), 500),
                  each(lambda name, turn: bare.execute(SET, (name, f"v{turn}")), 500), 1.4),
        Contender("set one key", 500, each(lambda name, turn: store.set("one", f"{turn}{name}"), 500),
                  each(lambda name, turn: bare.execute(SET, ("one", f"{turn}{name}")), 500), 1.4),
        Contender("increment", 500, each(lambda name, _: store.increment("n:" + name[-1]), 500),
                  each(bare_increment, 500), 1.4),
        Contender("set, 5,000 in a transaction", 5000, lambda turn: store.set_many(bulk(turn)), bare_bulk, 0),
        Contender(f"list {LISTED:,} of {ROWS:,}", LISTED, lambda _: list(store.items("group3:")),
                  lambda _: bare.execute(LIST, ("group3:", "group3;")).fetchall(), 1.5),
    ]  # fmt: skip


def seconds(act: Callable[[int], object], turn: int) -> float:
    begun = time.perf_counter()
    act(turn)
    return time.perf_counter() - begun


def compare(contender: Contender) -> str:
    contender.ours(0)
    contender.bare(0)
    ratios: list[float] = []
    ours: list[float] = []
    bare: list[float] = []
    for turn in range(1, ROUNDS + 1):
        sides = [(contender.ours, ours), (contender.bare, bare)]
        for act, times in sides if turn % 2 else reversed(sides):
            times.append(seconds(act, turn) / contender.operations * 1e6)
        ratios.append(ours[-1] / bare[-1])
    goal = f"goal {contender.goal}x" if contender.goal else "no goal"
    return (
        f"{contender.name:32} {statistics.median(ratios):5.2f}x  "
        f"(ours {statistics.median(ours):8.2f} µs, bare {statistics.median(bare):8.2f} µs; {goal})"
    )


def write_contending(path: str, start: Barrier, results: multiprocessing.Queue[tuple[int, float]]) -> None:
    with open_path(path, "write") as store:
        store.increment("contended")
        start.wait()
        count, worst, now = 0, 0.0, time.perf_counter()
        end = now + SECONDS
        while now < end:
            store.increment("contended")
            before, now = now, time.perf_counter()
            worst = max(worst, now - before)
            count += 1
    results.put((count, worst))


def contend(path: str) -> str:
    """Several processes incrementing one key for a few seconds."""
    start = multiprocessing.Barrier(WRITERS)
    results: multiprocessing.Queue[tuple[int, float]] = multiprocessing.Queue()
    writers = [
        multiprocessing.Process(target=write_contending, args=(path, start, results)) for _ in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    found = [results.get() for _ in writers]
    for writer in writers:
        writer.join()
    counts = [count for count, _ in found]
    fair = sum(counts) / len(counts)
    return (
        f"{WRITERS} contending writers: {sum(counts) / SECONDS:,.0f} writes/s, "
        f"smallest share {min(counts) / fair:.2f} of the fair one (goal 0.5), "
        f"worst wait {max(worst for _, worst in found) * 1000:.0f} ms (goal 100)"
    )


def main() -> None:
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
        ours, theirs = os.path.join(directory, "ours.db"), os.path.join(directory, "bare.db")
        fill(ours)
        fill(theirs)
        bare = apsw.Connection(theirs)
        bare.execute("PRAGMA synchronous = FULL")
        with open_path(ours, "write") as store:
            store.set("one", "")
            for contender in contenders(store, bare):
                if not wanted or any(contender.name.startswith(name) for name in wanted):
                    print(compare(contender), flush=True)
        bare.close()
        if not wanted or "contend" in wanted:
            print(contend(ours), flush=True)


if __name__ == "__main__":
    main()
