"""Reads of a store in which no entry has a time to live, against the same statements without the question
whether one does; and what it costs where one has.

``python -m tests.benchmarks.bench_ttl``. The two take turns, in processor time; what is printed is the median
of the rounds' ratios. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import gc
import os
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

import apsw

from sloth_tui.store import open_path
from sloth_tui.store.sqlite.engine.cursors import CHUNK, SnapshotCursor
from sloth_tui.store.sqlite.sql.keys import KEY, key_range
from sloth_tui.store.sqlite.sql.rows import ENTRIES, ITEMS, PLAIN_VALUE, RAW_ITEM, decode_raw
from sloth_tui.values.codec import decode_key, key_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.store import SqliteStore

ROWS, GROUP = 100_000, 10_000
ROUNDS = 41
GOAL = 1.02
_GET = f"SELECT {PLAIN_VALUE} FROM state WHERE key = ?"
_EXISTS = f"SELECT 1 FROM state WHERE key = {KEY}"
_MANY = f"SELECT {RAW_ITEM} FROM state WHERE key IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?))"


class Unasked:
    """The readings of a store as they are without the question."""

    def __init__(self, database: OpenDatabase) -> None:
        self._database = database

    def get(self, key: str, default: Any = None) -> Any:
        try:
            row = self._database.execute(_GET, (key,)).get
        except apsw.Error as error:
            raise self._database.failure(error) from error
        except UnicodeError:
            return None
        if row is None:
            return default
        kind, stored = row
        if kind is None and type(stored) is str:
            return stored
        return self._database.convert(lambda row: row[1], (row,))[0]

    def exists(self, key: str) -> bool:
        return self._database.one(_EXISTS, (key_bytes(key),)) is not None

    def count(self, prefix: str) -> int:
        where, bindings = key_range(prefix)
        number: int = self._database.one(f"SELECT count(*) FROM state WHERE {where}", bindings)
        return number

    def get_many(self, keys: list[str]) -> dict[str, Any]:
        wanted = dict.fromkeys(keys)
        stored = [stored.hex() for stored in map(key_bytes, wanted) if stored is not None]
        found = dict(self._database.made_of(_raw_item, _MANY, (apsw.jsonb_encode(stored),)))
        return {key: found[key] for key in wanted if key in found}

    def items(self, prefix: str) -> Any:
        return self._walk(prefix, ITEMS)

    def entries(self, prefix: str) -> Any:
        return self._walk(prefix, ENTRIES)

    def _walk(self, prefix: str, reading: Any) -> Any:
        from tests.benchmarks.bench_ttl import _UnaskedCursor  # looked up at each call, as there

        return _UnaskedCursor(self._database, prefix, reading).results()


def _raw_item(row: tuple[Any, ...]) -> tuple[str, Any]:
    key, kind, stored = row
    return decode_key(key), decode_raw(kind, stored)


class _UnaskedCursor(SnapshotCursor):
    __slots__ = ()

    def __init__(self, database: OpenDatabase, prefix: str, reading: Any) -> None:
        self._database, self._prefix, self._hides = database, prefix, False
        self._begin(reading)
        if len(self._ready) == CHUNK:
            database.cursors.append(self)


class Contender(NamedTuple):
    name: str
    operations: int
    run: Callable[[Any], object]


def key(number: int) -> str:
    return f"group{number // GROUP}:key:{number % GROUP:05}"


def contenders() -> list[Contender]:
    keys = [key(number * 7919 % ROWS) for number in range(5000)]
    few = keys[:100]

    def each(act: Callable[[Any, str], object], count: int) -> Callable[[Any], object]:
        def run(store: Any) -> None:
            for one in keys[:count]:
                act(store, one)

        return run

    return [
        Contender("get", 5000, each(lambda store, one: store.get(one), 5000)),
        Contender("exists", 5000, each(lambda store, one: store.exists(one), 5000)),
        Contender("get_many of 100", 50, lambda store: [store.get_many(few) for _ in range(50)]),
        Contender("count of 100", 500, lambda store: [store.count("group3:key:000") for _ in range(500)]),
        Contender(
            "list of 100", 100, lambda store: [list(store.items("group3:key:000")) for _ in range(100)]
        ),
        Contender("list of 10,000", 1, lambda store: list(store.items("group3:"))),
        Contender("entries of 10,000", 1, lambda store: list(store.entries("group3:"))),
    ]


def _get_in_a_loop(keys: list[str]) -> Callable[[Any], object]:
    def run(store: Any) -> None:
        get = store.get
        for one in keys:
            get(one)

    return run


def _seconds(run: Callable[[Any], object], store: Any) -> float:
    began = time.process_time()
    run(store)
    return time.process_time() - began


def compare(run: Callable[[Any], object], one: Any, other: Any) -> tuple[float, float]:
    """Return the median of the ratios of ``one`` to ``other``, and the seconds of ``one``."""
    run(one), run(other)
    ratios, seconds = [], []
    for turn in range(ROUNDS):
        if turn % 2:
            theirs, ours = _seconds(run, other), _seconds(run, one)
        else:
            ours, theirs = _seconds(run, one), _seconds(run, other)
        ratios.append(ours / theirs)
        seconds.append(ours)
    return statistics.median(ratios), statistics.median(seconds)


def report(title: str, store: SqliteStore, beside: Any, goal: float | None) -> None:
    print(f"{title}\n{'':<22}{'µs each':>10}{'ratio':>8}" + (f"{'goal':>8}" if goal else ""))
    keys = [key(number * 7919 % ROWS) for number in range(5000)]
    for contender in (*contenders(), Contender("get, nothing else", 5000, _get_in_a_loop(keys))):
        ratio, seconds = compare(contender.run, store, beside)
        each = seconds / contender.operations * 1e6
        print(f"{contender.name:<22}{each:>10.2f}{ratio:>8.3f}" + (f"{goal:>8}" if goal else ""), flush=True)


def main() -> int:
    gc.disable()
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "agent.db")
        with open_path(path, "write") as store:
            for first in range(0, ROWS, GROUP):
                store.set_many({key(number): f"value {number}" for number in range(first, first + GROUP)})
        with open_path(path) as store:
            report("no entry has a time to live", store, Unasked(store._database), GOAL)
            with open_path(path, "write") as writer:
                writer.set("timed", "value", ttl=86400)
            print()
            report("another entry has one", store, Unasked(store._database), None)
    return 0


if __name__ == "__main__":
    sys.exit(main())
