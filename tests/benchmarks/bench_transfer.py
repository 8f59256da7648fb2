"""Import and export of a million entries, against bare APSW at the same durability.

``python -m tests.benchmarks.bench_transfer [ROWS]``. Import: against the same rows inserted one by one into
the same schema with its triggers, in one transaction. Export: against the bare query for the same columns,
read to its end. Each side is a process of its own, for its peak of memory. Nothing here gates.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time

import apsw

from sloth_tui.cli import main
from sloth_tui.store import open_path, open_store
from tests.benchmarks.million import ROWS, key, value

ROUNDS = 5
_INSERT = """INSERT INTO state (key, value, type, created_at, updated_at, revision, change)
    VALUES (?, ?, NULL, strftime('%Y-%m-%d %H:%M:%f', 'now'), strftime('%Y-%m-%d %H:%M:%f', 'now'),
    (SELECT coalesce(max(revision), 0) + 1 FROM sloth_history), NULL)"""
_QUERY = "SELECT key, value, type, created_at, updated_at, revision FROM state ORDER BY key"


def bare_import(home: str, file: str) -> None:
    """Insert the rows of a file, which are in memory before the time is taken, into an empty store."""
    path = os.path.join(home, "bare.db")
    with open_path(path, "write") as store:
        store.set("first", "1")
        store.delete("first")
    with open(file, encoding="utf-8") as lines:
        rows = [(row["key"], row["value"]) for row in map(json.loads, lines) if "key" in row]
    connection = apsw.Connection(path)
    connection.execute("PRAGMA journal_mode = WAL").fetchall()
    connection.execute("PRAGMA synchronous = FULL")
    begun = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    for row in rows:
        connection.execute(_INSERT, row)
    connection.execute("COMMIT")
    connection.close()
    _report(begun)


def our_import(home: str, file: str) -> None:
    begun = time.perf_counter()
    assert main(["state", "import", file, "--agent", "imported"]) == 0
    _report(begun)


def bare_export(home: str, file: str) -> None:
    connection = apsw.Connection(os.path.join(home, "state", "filled.db"))
    begun = time.perf_counter()
    for _ in connection.execute(_QUERY):
        pass
    _report(begun)


def our_export(home: str, file: str) -> None:
    """To nowhere, like the bare query: what a disk takes is not ours."""
    begun = time.perf_counter()
    assert main(["state", "export", "/dev/null", "--agent", "filled"]) == 0
    _report(begun)


SIDES = {side.__name__: side for side in (bare_import, our_import, bare_export, our_export)}


def _report(begun: float) -> None:
    seconds = time.perf_counter() - begun
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def fill(rows: int) -> None:
    """Make the store that is exported, its rows in no order of their keys."""
    step = 50_000
    with open_store("filled", "write") as store, store.transaction():
        for first in range(0, rows, step):
            store.set_many({key(number): value(number) for number in range(first, min(first + step, rows))})


def measured(side: str, home: str, file: str) -> tuple[float, float]:
    """Return seconds and MiB of a side, run as a process of its own."""
    for agent in ("state/imported.db", "bare.db"):
        for suffix in ("", "-wal", "-shm"):
            path = os.path.join(home, agent + suffix)
            if os.path.exists(path):
                os.unlink(path)
    words = [sys.executable, "-m", "tests.benchmarks.bench_transfer", side, home, file]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    seconds, peak = json.loads(done.stdout)
    return seconds, peak


def compare(name: str, ours: str, bare: str, home: str, file: str, rows: int, goal: float, most: int) -> str:
    ratios, peak, rate = [], 0.0, 0.0
    for _ in range(ROUNDS):
        our_seconds, our_peak = measured(ours, home, file)
        bare_seconds, _ = measured(bare, home, file)
        ratios.append(bare_seconds / our_seconds)
        peak, rate = max(peak, our_peak), rows / our_seconds
    ratio = sorted(ratios)[len(ratios) // 2]
    return (
        f"{name:<8} {rate:>10,.0f} entries/s  {ratio:5.2f}x of bare (goal {goal}x)  "
        f"peak {peak:5.1f} MiB (at most {most})"
    )


def run(rows: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ["SLOTH_RUNNER_HOME"] = home
        fill(rows)
        file = os.path.join(home, "state.jsonl")
        assert main(["state", "export", file, "--agent", "filled"]) == 0
        print(compare("export", "our_export", "bare_export", home, file, rows, 0.8, 40))
        print(compare("import", "our_import", "bare_import", home, file, rows, 2.0, 80))


if __name__ == "__main__":
    if len(sys.argv) > 2:
        SIDES[sys.argv[1]](*sys.argv[2:])
    else:
        run(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
