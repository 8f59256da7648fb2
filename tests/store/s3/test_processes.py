"""Several processes, on one machine and on several: nothing is lost, nothing happens twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.imitations import between
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.servers.s3 import Bucket
    from tests.store.s3.conftest import OpenS3

pytestmark = pytest.mark.slow

HERE = Path(__file__).parents[3]


class Workers:
    """Processes of these tests; each on a machine, which has a copy of the store."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._started: list[subprocess.Popen[str]] = []

    def start(self, address: str, *what: str, machine: str = "here") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.store.s3.worker", address, *what],
            cwd=HERE,
            env={**os.environ, "SLOTH_RUNNER_HOME": str(self._directory / machine)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        for process in self._started:
            process.kill()
            process.communicate()


@pytest.fixture
def workers(tmp_path: Path, server: Bucket) -> Iterator[Workers]:
    started = Workers(tmp_path)
    yield started
    started.end()


def acknowledged(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=110)
    assert (err, process.returncode) == ("", 0)
    return out.split()


@pytest.mark.timeout(rounds(120, 900))
@pytest.mark.parametrize("machines", ["one", "two"])
def test_increments_are_exact(workers: Workers, address: str, open_s3: OpenS3, machines: str) -> None:
    each, places = rounds(6, 250), ["a", "b"] if machines == "two" else ["a", "a"]
    started = [workers.start(address, "increment", str(each), machine=place) for place in places * 2]
    results = [int(line) for process in started for line in acknowledged(process)]
    assert sorted(results) == list(range(1, 4 * each + 1))
    store = open_s3()
    assert store.get("n") == 4 * each
    assert [found.revision for found in store.revisions_since(0)][-1] == 4 * each
    assert store.problems() == []
    assert len(list(store.change_sets())) == 4


def test_transactions_and_increments_do_not_meet(workers: Workers, address: str, open_s3: OpenS3) -> None:
    blocks, each = rounds(3, 40), rounds(5, 100)
    movers = [workers.start(address, "move", str(blocks), machine=place) for place in "ab"]
    writers = [workers.start(address, "increment", str(each), machine=place) for place in "bc"]
    for process in movers:
        assert len(acknowledged(process)) == blocks
    for process in writers:
        assert len(acknowledged(process)) == each
    found = dict(open_s3().items())
    assert found == {"a": -2 * blocks, "b": 2 * blocks, "n": 2 * each}


def killing(pid: int, count: int) -> Callable[[str, str], None]:
    """Kill a process at the request of this number, counted from now."""
    left = count

    def kill(method: str, path: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(pid, signal.SIGKILL)

    return kill


@pytest.mark.timeout(rounds(120, 900))
def test_a_writer_that_is_killed_leaves_a_whole_store(
    workers: Workers, server: Bucket, open_s3: OpenS3
) -> None:
    """At each request, before it reaches the server and after it did."""
    for number in range(rounds(2, 40)):
        with between(server.endpoint) as (url, decides):
            address = server.fresh(url)
            first = open_s3(address, machine=f"first-{number}")
            assert first.increment("n") == 1
            writer = workers.start(address, "move", "20", machine=f"first-{number}")
            kill = killing(writer.pid, rounds(6, 1) * number // 2 + 1)
            if number % 2:
                decides.before = kill
            else:
                decides.after = kill
            out, _ = writer.communicate(timeout=60)
            decides.before = decides.after = lambda method, path: None
            assert writer.returncode == -signal.SIGKILL
            done = len(out.split())
            for machine in (f"first-{number}", f"other-{number}"):
                store = open_s3(address, machine=machine)
                moved = store.get("b", 0)
                # One more may have been made, and not yet acknowledged.
                assert moved in (done, done + 1)
                assert store.get("a", 0) == -done or store.get("a", 0) == -done - 1
                assert store.get("a", 0) == -moved
                assert store.problems() == []
            assert first.increment("n") == 2


def test_a_tied_lock_is_free_when_its_process_is_killed(
    workers: Workers, address: str, open_s3: OpenS3
) -> None:
    holder = workers.start(address, "hold", "3600")
    assert holder.stdout is not None
    assert holder.stdout.readline() == "1\n"
    store = open_s3()
    assert [(lock.holder, lock.ephemeral, lock.alive) for lock in store.locks()] == [("task-1", True, True)]
    holder.kill()
    assert store.acquire("deploy", "task-2", 5, wait=60).token == 2


def test_a_transaction_of_a_killed_process_holds_nobody_up(
    workers: Workers, address: str, open_s3: OpenS3
) -> None:
    with_block = workers.start(address, "block")
    assert with_block.stdout is not None
    assert with_block.stdout.readline() == "inside\n"
    with_block.kill()
    with_block.wait()
    store = open_s3(machine="other")
    began = time.monotonic()
    store.set("key", 1)
    with store.transaction():
        store.set("key", 2)
    assert dict(store.items()) == {"key": 2}
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_others_wait_for_a_transaction(
    workers: Workers, server: Bucket, address: str, open_s3: OpenS3, first: bool
) -> None:
    """Also for the one that creates the store."""
    store = open_s3()
    if not first:
        store.set("n", 5)
    with between(server.endpoint) as (url, decides), ExitStack() as block:
        block.enter_context(store.transaction())
        store.set("n", 7)
        writers = [
            workers.start(address, "increment", "1"),
            workers.start(address.replace(server.endpoint, url), "increment", "1", machine="other"),
        ]
        reader = open_s3(machine="third", read_only=True)

        def looks_again() -> bool:
            looks = [path for _, path in decides.requests if path.endswith(".gate")]
            return len(looks) > 2 or writers[1].poll() is not None

        wait_until(looks_again)
        assert reader.get("n") == (None if first else 5)
        assert [process.poll() for process in writers] == [None, None]
        block.close()
        results = [int(line) for process in writers for line in acknowledged(process)]
    assert sorted(results) == [8, 9]
