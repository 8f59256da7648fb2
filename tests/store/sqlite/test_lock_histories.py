"""Writes accepted from processes that were stopped past their lease, or killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore
from tests.store.sqlite.lock_worker import NAME, REGISTER, WRITTEN
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sloth_tui.model import Lock

pytestmark = pytest.mark.slow


LEASE = 0.2
"""Seconds."""
ENOUGH = 50
"""Writes that make a history."""


class Process:
    """A worker, driven line by line."""

    def __init__(self, path: str, *, fenced: bool = True) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.store.sqlite.lock_worker",
                path,
                "fenced" if fenced else "unfenced",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.answer() == "ready"

    @property
    def pid(self) -> int:
        return self.process.pid

    def tell(self, command: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def ask(self, command: str) -> str:
        self.tell(command)
        return self.answer()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.pid, os.WSTOPPED)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> list[str]:
        """What it had still to say."""
        self.process.kill()
        return self.process.communicate()[0].splitlines()


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "agent.db")


@pytest.fixture
def start(path: str) -> Iterator[Callable[..., Process]]:
    with ExitStack() as processes:

        def started(*, fenced: bool = True) -> Process:
            process = Process(path, fenced=fenced)
            processes.callback(process.kill)
            return process

        yield started


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    with SqliteStore("agent", Database(path)) as store:
        yield store


def violations(store: SqliteStore, acknowledged: list[str]) -> list[str]:
    """How the history of writes breaks what a lock with a fence promises."""
    written = sorted(store.entries(WRITTEN), key=lambda entry: entry.revision or 0)
    tokens = [entry.value for entry in written]
    register = store.get(REGISTER, [])
    assert isinstance(register, list)
    found = [
        f"token {later} accepted after {earlier}"
        for earlier, later in pairwise(tokens)
        if isinstance(earlier, int) and isinstance(later, int) and later < earlier
    ]
    found += [f"write {write} is lost" for write in acknowledged if write not in register]
    return found


def overtake(stopped: Process, other: Process) -> list[str]:
    """One is stopped after it read; the other gets its lock, and writes; then the first goes on to write.

    Return the acknowledged writes.
    """
    assert stopped.ask(f"take {LEASE} 0 plain") == "token 1"
    assert stopped.ask("read") == "read 0"
    stopped.stop()
    assert other.ask("take 60 60 plain") == "token 2"
    assert other.ask("read") == "read 0"
    answers = [other.ask("write")]
    stopped.tell("write")
    stopped.go_on()
    answers.append(stopped.answer())
    return [answer.removeprefix("wrote ") for answer in answers if answer.startswith("wrote")]


def test_a_holder_stopped_past_its_lease_writes_no_more(
    start: Callable[..., Process], store: SqliteStore
) -> None:
    stopped, other = start(), start()
    acknowledged = overtake(stopped, other)
    assert len(acknowledged) == 1
    assert acknowledged[0].startswith(f"{other.pid}-")
    assert violations(store, acknowledged) == []


def test_without_the_fence_the_same_history_is_found_to_be_broken(
    start: Callable[..., Process], store: SqliteStore
) -> None:
    stopped, other = start(fenced=False), start(fenced=False)
    acknowledged = overtake(stopped, other)
    assert len(acknowledged) == 2
    assert violations(store, acknowledged) == [
        "token 1 accepted after 2",
        f"write {other.pid}-1 is lost",
    ]


def test_no_acknowledged_write_is_lost_whoever_is_stopped_or_killed(
    start: Callable[..., Process], store: SqliteStore
) -> None:
    chance = random.Random(20231114)
    workers = [start() for _ in range(3)]
    said: list[str] = []
    for worker in workers:
        worker.tell(f"work {LEASE}")
    for round_number in range(10):
        victim = wait_until(lambda: at_work(store, workers), what="a process at work")
        assert victim
        if round_number % 4 == 3:
            workers.remove(victim)
            said += victim.kill()
            workers.append(start())
            workers[-1].tell(f"work {LEASE}")
            continue
        victim.stop()
        # It may have been stopped inside a transaction; then no process writes until it continues.
        wait_until(after(chance.uniform(LEASE, 3 * LEASE)))
        victim.go_on()
    wait_until(lambda: store.count(WRITTEN) >= ENOUGH)
    for worker in workers:
        said += worker.kill()
    acknowledged = [line.removeprefix("wrote ") for line in said]
    assert len(acknowledged) > ENOUGH // 2
    assert violations(store, acknowledged) == []


def after(seconds: float) -> Callable[[], bool]:
    over = time.monotonic() + seconds
    return lambda: time.monotonic() > over


def at_work(store: SqliteStore, workers: list[Process]) -> Process | None:
    lock = store.lock(NAME)
    return next((worker for worker in workers if lock and lock.holder == str(worker.pid)), None)


def test_a_tied_lock_is_free_when_its_process_is_killed(
    start: Callable[..., Process], store: SqliteStore
) -> None:
    holder, other = start(), start()
    assert holder.ask("take 3600 0 ephemeral") == "token 1"
    assert other.ask("take 5 0 plain").startswith(f"held {holder.pid} ")
    other.tell("take 5 60 plain")
    holder.process.kill()
    # Its own time would be up in an hour.
    assert other.answer() == "token 2"


def test_a_tied_lock_of_a_stopped_process_stays(start: Callable[..., Process], store: SqliteStore) -> None:
    holder = start()
    holder.ask("take 3600 0 ephemeral")
    holder.stop()
    lock = store.lock(NAME)
    assert lock is not None
    assert (lock.holder, lock.alive) == (str(holder.pid), True)


def test_a_plain_lock_outlives_its_process_until_its_time_is_up(
    start: Callable[..., Process], store: SqliteStore
) -> None:
    holder, other = start(), start()
    assert holder.ask("take 3600 0 plain") == "token 1"
    holder.kill()

    def of_the_dead() -> Lock | None:
        lock = store.lock(NAME)
        return lock if lock and lock.alive is False else None

    left_behind = wait_until(of_the_dead)
    assert left_behind
    assert left_behind.holder == str(holder.pid)
    assert other.ask("take 5 0 plain").startswith(f"held {holder.pid} ")
    store.break_lock(NAME)
    brief = start()
    assert brief.ask(f"take {LEASE} 0 plain") == "token 2"
    brief.kill()
    assert other.ask("take 5 60 plain") == "token 3"
