"""The window on a million keys against the statements a table would otherwise make of a query.

``python -m tests.benchmarks.bench_window [ROWS]``. Both sides take turns; what is printed is the median of
the rounds' ratios. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING

import apsw

from sloth_tui.model import Query
from sloth_tui.store import open_path
from sloth_tui.store.sqlite.rows.key_source import open_window
from tests.benchmarks.million import ROWS, fill, key

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9
PAGE = 64
RARE = "afka-09999"

_FIRST_PAGE = f"SELECT key FROM state WHERE instr(key, ?) ORDER BY key LIMIT {PAGE}"
_LIKE = f"SELECT key FROM state WHERE key LIKE ? ORDER BY key LIMIT {PAGE}"
_OFFSET = f"SELECT key, substr(value, 1, 1024) FROM state ORDER BY key LIMIT {PAGE} OFFSET ?"
_ALL = "SELECT rowid, key FROM state ORDER BY key"
_VALUE = f"SELECT key FROM state WHERE instr(value, ?) LIMIT {PAGE}"


class Asker:
    """Asks one query after the other."""

    def __init__(self, path: str) -> None:
        self.window = open_window(path)
        self.generation = 0

    def first_page(self, query: Query) -> None:
        self.generation += 1
        self.window.supersede(self.generation)
        next(self.window.index(query, self.generation))
        self.window.page(self.generation, 0, PAGE)

    def all(self, query: Query) -> None:
        self.generation += 1
        self.window.supersede(self.generation)
        self.query = query
        self.again()

    def again(self) -> None:
        for _ in self.window.index(self.query, self.generation):
            pass


def seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def compare(what: str, ours: Callable[[], object], peer: Callable[[], object], peer_name: str) -> None:
    ratios, times = [], []
    for _ in range(ROUNDS):
        times.append(seconds(ours))
        ratios.append(times[-1] / seconds(peer))
    ratio, middle = statistics.median(ratios), statistics.median(times)
    print(f"{what:<44} {ratio:6.2f}x of {peer_name} ({1000 * middle:.1f} ms)")


def resident() -> float:
    with open("/proc/self/status", encoding="ascii") as file:
        (line,) = [line for line in file if line.startswith("VmRSS")]
    return int(line.split()[1]) / 1024


def measure(path: str, rows: int) -> None:
    bare = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    # Bare statements and a first look warm up what both sides share.
    count = sum(1 for _ in bare.execute(_ALL))
    before = resident()
    asker = Asker(path)
    asker.all(Query())
    print(f"{'memory of the index':<44} {(resident() - before) * 2**20 / count:6.1f} bytes a key")

    def index_anew() -> None:
        Asker(path).all(Query())

    compare("first page of all keys", lambda: Asker(path).first_page(Query()),
            lambda: bare.execute(_OFFSET, (0,)).fetchall(), "LIMIT")  # fmt: skip
    compare("index of all keys", index_anew, lambda: sum(1 for _ in bare.execute(_ALL)), "reading all keys")
    compare("first page of a common substring", lambda: asker.first_page(Query(key="nginx")),
            lambda: bare.execute(_FIRST_PAGE, ("nginx",)).fetchall(), "instr() LIMIT")  # fmt: skip
    compare("first page of a rare substring", lambda: asker.all(Query(key=RARE)),
            lambda: bare.execute(_FIRST_PAGE, (RARE,)).fetchall(), "instr() LIMIT")  # fmt: skip
    compare("first page of a rare substring", lambda: asker.all(Query(key=RARE)),
            lambda: bare.execute(_LIKE, (f"%{RARE}%",)).fetchall(), "LIKE LIMIT")  # fmt: skip
    compare("first page of a rare value", lambda: asker.all(Query(value="v99999 ")),
            lambda: bare.execute(_VALUE, ("v99999 ",)).fetchall(), "instr() over the table")  # fmt: skip
    asker.all(Query())
    compare("a page in the middle", lambda: asker.window.page(asker.generation, rows // 2, PAGE),
            lambda: bare.execute(_OFFSET, (rows // 2,)).fetchall(), "OFFSET")  # fmt: skip
    with open_path(path, "write") as store:
        numbers = iter(range(10**9))

        def follow(change: Callable[[int], object]) -> None:
            change(next(numbers))
            asker.again()

        compare("a changed value and its refresh", lambda: follow(lambda n: store.set(key(n), f"now {n}")),
                lambda: store.set(key(next(numbers)), "now"), "the change")  # fmt: skip
        compare("an added key and its refresh", lambda: follow(lambda n: store.set(f"new:{n}", "now")),
                lambda: store.set(f"new:{next(numbers)}", "now"), "the change")  # fmt: skip


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(f"{rows:,} keys")
    with tempfile.TemporaryDirectory(prefix="sloth-bench-") as directory:
        path = os.path.join(directory, "agent.db")
        fill(path, rows)
        measure(path, rows)


if __name__ == "__main__":
    main()
