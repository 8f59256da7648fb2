"""A backup of a million keys against bare ``VACUUM INTO``, and how long a repair of as many takes.

``python -m tests.benchmarks.bench_backup``. Both sides take turns; what is printed is the median of the
rounds' ratios, beside the goal. Machines are noisy: nothing here gates.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from typing import TYPE_CHECKING

import apsw

from sloth_tui.store import open_store
from sloth_tui.store.backups import restore, save
from sloth_tui.store.doctor import examine, rescue
from sloth_tui.store.sqlite import database_path
from tests.benchmarks.million import ROWS, fill

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 5


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def vacuum(path: str, target: str) -> None:
    connection = apsw.Connection(path)
    connection.execute("VACUUM INTO ?", (target,)).fetchall()
    connection.close()
    os.unlink(target)


def back_up() -> None:
    path = save("local")
    os.unlink(path)
    os.unlink(path + ".sha256")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.environ["SLOTH_RUNNER_HOME"] = directory
        os.mkdir(os.path.join(directory, "state"), 0o700)
        path, bare = database_path("local"), os.path.join(directory, "bare.db")
        fill(path)
        ratios = []
        for _ in range(ROUNDS):
            least = timed(lambda: vacuum(path, bare))
            ratios.append(timed(back_up) / least)
        print(f"backup of {ROWS:,} keys / VACUUM INTO          {statistics.median(ratios):6.2f}x   goal 1.2")
        least = timed(lambda: vacuum(path, bare))
        saved = save("local")
        for name, work in (
            ("restore into a new agent", lambda: restore("other", saved)),
            ("doctor", lambda: examine("local")),
            ("doctor --full", lambda: examine("local", full=True)),
            ("rescue", lambda: rescue("local")),
        ):
            print(f"{name:<30} / VACUUM INTO          {timed(work) / least:6.1f}x", flush=True)
        with open_store("other") as store:
            assert store.count() == ROWS


if __name__ == "__main__":
    main()
