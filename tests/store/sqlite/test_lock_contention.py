from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.store import SqliteStore
from tests.support import A_MINUTE, rounds, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


_OPEN = """
import os, signal, sys, time
from sloth_tui.errors import LockHeld
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.engine import opening
from sloth_tui.store.sqlite.store import SqliteStore
opening.BUSY_SECONDS = 60  # other tests may take the processors meanwhile
store = SqliteStore("agent", Database(sys.argv[1]))
"""

CONTENDER = (
    _OPEN
    + """
directory, holder = os.path.dirname(sys.argv[1]), sys.argv[2]
for _ in range(int(sys.argv[3])):
    token = store.acquire("deploy", holder, 60, wait=60).token
    os.close(os.open(directory + "/inside", os.O_CREAT | os.O_EXCL))
    with open(directory + "/tokens", "a") as file:
        file.write(f"{token}\\n")
    os.unlink(directory + "/inside")
    store.release("deploy", holder, token=token)
"""
)

WAITER = (
    _OPEN
    + """
def stop(number, frame):
    raise SystemExit(128 + number)

signal.signal(signal.SIGTERM, stop)
# Not by print: the signal may come while another print is at work.
signal.signal(signal.SIGALRM, lambda number, frame: os.write(1, b"alarm\\n"))
try:  # once without waiting: what is raised in an import may be swallowed
    store.acquire("deploy", "waiter", 60)
except LockHeld:
    print("waiting", flush=True)
store.acquire("deploy", "waiter", 60, wait=3600)
"""
)

PARENT = (
    _OPEN
    + """
store.close()
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.process import current_process
current_process(SYSTEM_CLOCK.boot_id)
if os.fork() == 0:
    store = SqliteStore("agent", Database(sys.argv[1]))
    print(store.acquire("deploy", "child", 3600, ephemeral=True).owner.pid == os.getpid(), flush=True)
    os._exit(0)
os.wait()
print("alone", flush=True)
sys.stdin.read()
"""
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "agent.db")


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    with SqliteStore("agent", Database(path)) as store:
        yield store


def spawn(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_many_contenders_one_at_a_time_is_inside(path: str) -> None:
    """Each of them, on its first write, also finds no database there."""
    count = rounds(8, 20)
    contenders = [spawn(CONTENDER, path, f"task-{number}", "3") for number in range(count)]
    said = [contender.communicate(timeout=300)[1] for contender in contenders]
    assert said == [""] * count
    with open(path.replace("agent.db", "tokens"), encoding="ascii") as file:
        assert file.read().split() == [str(token) for token in range(1, 3 * count + 1)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait(path: str, store: SqliteStore, number: signal.Signals) -> None:
    store.acquire("deploy", "task-1", 3600)
    with spawn(WAITER, path) as waiter:
        assert waiter.stdout
        assert waiter.stdout.readline() == "waiting\n"
        waiter.send_signal(number)
        waiter.wait(timeout=A_MINUTE)
        assert waiter.returncode in (-number, 128 + number)


def test_a_signal_that_is_handled_does_not_end_the_wait(path: str, store: SqliteStore) -> None:
    store.acquire("deploy", "task-1", 3600)
    with spawn(WAITER, path) as waiter:
        assert waiter.stdout
        assert waiter.stdout.readline() == "waiting\n"
        waiter.send_signal(signal.SIGALRM)
        assert waiter.stdout.readline() == "alarm\n"
        store.release("deploy", "task-1")
        waiter.wait(timeout=A_MINUTE)
        assert waiter.returncode == 0
    lock = store.lock("deploy")
    assert lock is not None
    assert (lock.holder, lock.alive) == ("waiter", False)


def test_a_lock_of_a_forked_child_is_tied_to_the_child(path: str, store: SqliteStore) -> None:
    with spawn(PARENT, path) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "True\n"
        assert parent.stdout.readline() == "alone\n"
        assert parent.poll() is None
        wait_until(lambda: store.lock("deploy") is None)
        parent.communicate()
