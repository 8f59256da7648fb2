"""Several processes at once, and processes that are killed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store import open_path
from sloth_tui.store.sqlite.engine import opening
from tests.store.sqlite.others import DOCUMENTED, run_other
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow


PRELUDE = """
import sys
from sloth_tui.store import open_path
from sloth_tui.store.sqlite.engine import opening
opening.BUSY_SECONDS = 60  # other tests may take the processors meanwhile
path, number = sys.argv[1], int(sys.argv[2])
print("ready", flush=True)
sys.stdin.read()
"""


def run_at_once(path: Path, count: int, program: str) -> list[str]:
    """Start processes that know ``path`` and their ``number``, let all go at once; what they printed."""
    held, holding = os.pipe()
    with ExitStack() as stack:
        stack.callback(os.close, held)
        begin = stack.enter_context(open(holding, "wb"))
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PRELUDE + program, str(path), str(number)],
                    stdin=held,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
            for number in range(count)
        ]
        for process in processes:
            stack.callback(process.kill)
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        begin.close()
        printed = [process.communicate(timeout=100)[0] for process in processes]
        assert [process.returncode for process in processes] == [0] * count, "".join(printed)
    return printed


def test_increments_of_eight_processes_all_count(path: Path) -> None:
    each = rounds(15, 150)
    printed = run_at_once(
        path,
        8,
        "store = open_path(path, 'write')\n"
        f"sums = [store.increment('n') for _ in range({each})]\n"
        "assert sums == sorted(set(sums))\nprint(*sums)",
    )
    sums = [int(number) for line in printed for number in line.split()]
    assert sorted(sums) == list(range(1, 8 * each + 1))
    with open_path(str(path)) as store:
        assert store.get("n") == 8 * each
        assert store.revision() == 8 * each


@pytest.mark.parametrize("documented", [False, True])
def test_many_first_opens_at_once_make_one_schema(path: Path, documented: bool) -> None:
    count = rounds(8, 20)
    if documented:
        run_other(path, DOCUMENTED, "INSERT INTO state (key, value) VALUES ('n', '0')")
    run_at_once(
        path,
        count,
        "store = open_path(path, 'write' if number % 2 else 'read')\n"
        "store.get('n'), store.count(), store.locks(), store.stats()\n"
        "if number % 2: store.increment('n'), store.set(f'by:{number}', number)\n"
        "store.close()",
    )
    with open_path(str(path)) as store:
        assert store.get("n") == count // 2
        assert dict(store.items("by:")) == {f"by:{number}": number for number in range(1, count, 2)}
    assert run_other(path, "PRAGMA integrity_check") == [["ok"]]


def test_a_database_in_the_making_is_never_mistaken_for_anothers(path: Path) -> None:
    """Two processes go through the same new files, so that one often opens what the other creates."""
    files = rounds(25, 500)
    run_at_once(
        path,
        2,
        f"for turn in range({files}):\n"
        "    with open_path(f'{path}.{turn}.db', 'write') as store:\n"
        "        store.increment('n')",
    )
    for turn in range(files):
        with open_path(f"{path}.{turn}.db") as store:
            assert store.get("n") == 2


def test_only_one_of_many_is_first(path: Path) -> None:
    printed = run_at_once(
        path, 8, "store = open_path(path, 'write')\nprint(store.set_if_absent('leader', number), end='')"
    )
    assert sorted(printed) == ["False"] * 7 + ["True"]


def test_transactions_of_several_processes_do_not_mix(path: Path) -> None:
    """Each moves amounts between two accounts; the sum is always what it was."""
    with open_path(str(path), "write") as store:
        store.set_many({"a": 1000, "b": 1000})
    turns = rounds(20, 50)
    run_at_once(
        path,
        4,
        "store = open_path(path, 'write')\n"
        f"for turn in range({turns}):\n"
        "    with store.transaction():\n"
        "        amount = store.get('a') // 10 - number\n"
        "        store.set('a', store.get('a') - amount)\n"
        "        store.set('b', store.get('b') + amount)\n"
        "    both = store.get_many(['a', 'b'])\n"
        "    assert both['a'] + both['b'] == 2000, both\n",
    )


def test_a_database_that_stays_locked_is_told_after_the_wait(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.2)
    with open_path(str(path), "write") as holder, open_path(str(path), "write") as store:
        store.set("key", 1)
        with holder.transaction():
            holder.set("key", 2)
            begun = time.monotonic()
            with pytest.raises(DatabaseUnusable, match="busy"):
                store.set("key", 3)
            assert time.monotonic() - begun >= 0.2
            assert store.get("key") == 1
        store.set("key", 3)


WRITER = """
import sys
from sloth_tui.store import open_path
store = open_path(sys.argv[1], "write")
number = store.get("last", -1)
store.increment("runs")
print("ready", flush=True)
while True:
    number += 1
    with store.transaction():
        store.set("last", number)
        store.set(f"key:{number % 50}", number)
        store.increment("count")
    store.set(f"single:{number % 7}", number)
    print(number, flush=True)
"""


def test_kill_9_loses_nothing_that_was_acknowledged(path: Path) -> None:
    chance = random.Random(7)
    acknowledged = -1
    for turn in range(rounds(10, 300)):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            read = [writer.stdout.readline() for _ in range(chance.randrange(4))]
            wait_for_a_moment(chance.random() * 0.004)
            writer.kill()
            lines = (b"".join(read) + writer.stdout.read()).split(b"\n")[:-1]
        acknowledged = int(lines[-1]) if lines else acknowledged
        with open_path(str(path), "read") as store:
            last = store.get("last", -1)
            assert isinstance(last, int)
            assert last in (acknowledged, acknowledged + 1)
            assert store.get("count", 0) == last + 1
            assert last == -1 or store.get(f"key:{last % 50}") == last
            if lines:
                assert store.get(f"single:{acknowledged % 7}") == acknowledged
            if turn % 10 == 9:
                assert store._database.one("PRAGMA integrity_check") == "ok"
                newest = {change.key: change.new for change in store.revisions_since(0)}
                assert newest == dict(store.items())
        acknowledged = last


def wait_for_a_moment(seconds: float) -> None:
    """Let a process go on for so long: the moment at which it is killed is the point."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end)
