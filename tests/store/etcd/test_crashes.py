"""Servers that are killed, stopped and compacted while processes write: nothing acknowledged is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from tests.servers.etcd import Etcd
from tests.store.etcd.faults import opened, violations
from tests.support import rounds, wait_until

if TYPE_CHECKING:
    from types import TracebackType

_CHECKOUT = Path(__file__).parents[3]
_NAMES = ("a", "b", "c")


class Writers:
    """Three processes that count up, from one to the other end of a ``with`` block."""

    def __init__(self, address: str, directory: Path, *options: str) -> None:
        self._logs = [directory / name for name in _NAMES]
        self._processes = []
        for name, log in zip(_NAMES, self._logs, strict=True):
            with log.open("wb") as out:
                self._processes.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.store.etcd.writer", address, name, *options],
                        stdin=subprocess.PIPE,
                        stdout=out,
                        stderr=subprocess.STDOUT,
                        cwd=_CHECKOUT,
                    )
                )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            if kind is not None:
                process.kill()
            assert process.stdin is not None
            process.stdin.close()
        for process in self._processes:
            process.wait()
        if kind is None:
            for log in self._logs:
                assert set(log.read_text()) == {"."}, log.read_text()

    def rounds(self) -> list[int]:
        """How many rounds each has done, so far as is known."""
        return [log.stat().st_size for log in self._logs]

    def go_on(self, number: int) -> None:
        """Wait until each of them has done so many more rounds."""
        before = self.rounds()
        wait_until(
            lambda: (
                all(now >= then + number for now, then in zip(self.rounds(), before, strict=True))
                or any(process.poll() is not None for process in self._processes)
            )
        )
        assert [process.poll() for process in self._processes] == [None] * len(_NAMES)

    def counters(self) -> dict[str, int]:
        """What the counters must be when they have ended."""
        done = self.rounds()
        return {"of:all": sum(done), **{f"of:{name}": n for name, n in zip(_NAMES, done, strict=True)}}


class Follower(threading.Thread):
    """Follows the changes of a store in a thread, until :meth:`finish`."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.seen: list[int] = []
        self._address = address
        self._last: int | None = None
        self.start()

    def run(self) -> None:
        with opened(self._address, "read") as store:
            while self._last is None or len(self.seen) < self._last:
                since = self.seen[-1] if self.seen else 0
                self.seen += [revision.revision for revision in store.follow(since)]

    def finish(self, last: int) -> None:
        self._last = last
        self.join(60)
        assert self.seen == list(range(1, last + 1))


def _pester(etcd: Etcd, directory: Path, *options: str, kills: int) -> list[str]:
    """Kill the server so often under three writers, and have it forget its own past; return what is wrong
    then."""
    address = etcd.address("shop")
    with Writers(address, directory, *options) as writers:
        writers.go_on(rounds(2, 10))
        for _ in range(kills):
            etcd.gateway.compact()
            writers.go_on(rounds(1, 5))
            etcd.members[0].kill()
            etcd.start()
            writers.go_on(rounds(2, 10))
            etcd.gateway.compact()
    with opened(address, "read") as store:
        return violations(store, writers.counters())


@pytest.mark.slow
def test_the_server_is_killed(etcd: Etcd, tmp_path: Path) -> None:
    follower = Follower(etcd.address("shop"))
    assert _pester(etcd, tmp_path, kills=rounds(1, 5)) == []
    with opened(etcd.address("shop"), "read") as store:
        follower.finish(store.revision())


@pytest.mark.slow
def test_without_the_comparison_of_the_head_the_same_is_wrong(etcd: Etcd, tmp_path: Path) -> None:
    """Otherwise the test above could not fail."""
    assert _pester(etcd, tmp_path, "blind", kills=rounds(0, 1)) != []


@pytest.mark.proof
def test_the_leader_is_killed(tmp_path: Path) -> None:
    with Etcd(members=3) as etcd:
        address = etcd.address("shop")
        follower = Follower(address)
        with Writers(address, tmp_path) as writers:
            for _ in range(rounds(1, 3)):
                writers.go_on(2)
                etcd.leader().kill()
                writers.go_on(rounds(2, 20))
                etcd.start()
        with opened(address, "read") as store:
            assert violations(store, writers.counters()) == []
            follower.finish(store.revision())


@pytest.mark.slow
@pytest.mark.parametrize(
    "members", [pytest.param(1, id="alone"), pytest.param(3, id="of-three", marks=pytest.mark.proof)]
)
def test_the_server_is_stopped_for_a_while(members: int, tmp_path: Path) -> None:
    """It listens all the time, and says nothing. The others of a cluster go on without it."""
    with Etcd(members=members) as etcd:
        address = etcd.address("shop")
        with Writers(address, tmp_path) as writers:
            writers.go_on(2)
            stopped = etcd.leader()
            stopped.pause()
            try:
                if members > 1:
                    writers.go_on(2)
                time.sleep(rounds(2, 15))
            finally:
                stopped.go_on()
            writers.go_on(rounds(2, 10))
        with opened(address, "read") as store:
            assert violations(store, writers.counters()) == []
