"""One writer at a time is inside a transaction: first come, first served, and who dies inside does no
harm."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store import process
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.commits import gate
from tests.store.etcd.faults import left_over, opened, session_of, violations
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.etcd.store import EtcdStore

_CHECKOUT = Path(__file__).parents[3]
_INSIDE = """
import sys
from tests.store.etcd import faults
from sloth_tui.errors import SlothError
from sloth_tui.store.etcd.commits import gate
gate.LEASE_SECONDS = int(sys.argv[2])
store = faults.opened(sys.argv[1])
try:
    with store.transaction():
        store.increment("n")
        print("inside", flush=True)
        sys.stdin.readline()
except SlothError as error:
    print(type(error).__name__, error, flush=True)
store.close()
"""


@pytest.fixture
def store(address: str) -> Iterator[EtcdStore]:
    with opened(address) as store:
        yield store


def _waiting(store: EtcdStore) -> int:
    """How many wait for their turn."""
    queue = session_of(store).layout.queue
    return len(session_of(store).range(Range(queue, after(queue))).kvs)


def _end_lease_of_gate(store: EtcdStore) -> None:
    (found,) = session_of(store).range(Range(session_of(store).layout.gate)).kvs
    session_of(store).channel.revoke(found.lease, 5)


def _inside(address: str, lease: int = gate.LEASE_SECONDS) -> subprocess.Popen[str]:
    """Start a process that is inside a transaction until it is sent a line."""
    inside = subprocess.Popen(
        [sys.executable, "-c", _INSIDE, address, str(lease)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_CHECKOUT,
    )
    assert inside.stdout is not None
    assert inside.stdout.readline() == "inside\n"
    return inside


class Waiting:
    """Writers in threads, each with a handle of its own, that begin one after the other."""

    def __init__(self, address: str, store: EtcdStore) -> None:
        self._address, self._store = address, store
        self._threads: list[threading.Thread] = []

    def begin(self, write: Callable[[EtcdStore], object]) -> None:
        """Let another one write, and wait until it waits."""

        def run() -> None:
            with opened(self._address) as mine:
                write(mine)

        before = _waiting(self._store)
        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()
        wait_until(lambda: _waiting(self._store) == before + 1)

    def end(self) -> None:
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def _in_a_block(key: str) -> Callable[[EtcdStore], object]:
    def write(store: EtcdStore) -> None:
        with store.transaction():
            store.set(key, 1)

    return write


def test_who_comes_first_goes_first(address: str, store: EtcdStore) -> None:
    waiting = Waiting(address, store)
    with opened(address) as inside:
        with inside.transaction():
            inside.set("0", 1)
            waiting.begin(_in_a_block("1"))
            waiting.begin(lambda mine: mine.set("2", 1))
            waiting.begin(_in_a_block("3"))
            waiting.begin(lambda mine: mine.set("4", 1))
        waiting.end()
    assert [revision.key for revision in store.revisions_since(0)] == ["0", "1", "2", "3", "4"]
    assert left_over(store) == []


def test_a_plain_write_is_served_before_blocks_that_come_later(address: str, store: EtcdStore) -> None:
    """One that makes block after block cannot keep it waiting."""
    waiting = Waiting(address, store)
    with opened(address) as greedy:
        with greedy.transaction():
            greedy.set("block", 1)
            waiting.begin(lambda mine: mine.increment("n"))
        with greedy.transaction():
            assert greedy.get("n") == 1
            greedy.set("block", 2)
        waiting.end()
    assert [revision.key for revision in store.revisions_since(0)] == ["block", "n", "block"]


def test_the_lease_of_the_gate_ends_during_a_block(address: str, store: EtcdStore) -> None:
    with opened(address) as slow:
        slow.set("n", 1)
        with pytest.raises(DatabaseUnusable) as told, slow.transaction():  # noqa: PT012 - a block of theirs
            slow.set("n", 2)
            _end_lease_of_gate(store)
            store.set("other", 1)
        assert str(told.value).endswith(": the turn to write ended before the transaction did")
        assert store.get("n") == 1
        # The handle goes on.
        slow.set("n", 3)
    assert [revision.new for revision in store.revisions("n")] == [3, 1]
    assert left_over(store) == []


def test_the_lease_of_the_gate_ends_and_nobody_writes(address: str, store: EtcdStore) -> None:
    """Nobody was in the way, but another could have been inside."""
    with opened(address) as slow:
        with pytest.raises(DatabaseUnusable), slow.transaction():  # noqa: PT012 - a block of theirs
            slow.set("n", 2)
            _end_lease_of_gate(store)
        assert store.revision() == 0


def test_a_process_dies_in_its_block(address: str, store: EtcdStore) -> None:
    """Others of its host need not wait for the end of its lease, nor those who wait behind one that died
    waiting."""
    inside = _inside(address, 3600)
    waiting = Waiting(address, store)
    waiting.begin(lambda mine: mine.increment("n"))
    inside.kill()
    inside.communicate()
    waiting.end()
    assert violations(store, {"n": 1}) == []
    assert left_over(store) == []


@pytest.mark.proof
def test_a_process_dies_in_its_block_on_another_host(
    address: str, store: EtcdStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever uses the store meanwhile is patient enough, as programs are by default."""
    inside = _inside(address)
    monkeypatch.setattr(process, "host_name", lambda: "elsewhere")
    process._known.clear()
    try:
        inside.kill()
        inside.communicate()
        session_of(store).patience = 10
        assert store.increment("n") == 1
    finally:
        process._known.clear()


@pytest.mark.proof
def test_a_process_is_stopped_in_its_block_beyond_the_lease(address: str, store: EtcdStore) -> None:
    inside = _inside(address)
    inside.send_signal(signal.SIGSTOP)
    try:
        store.set("n", 41)
    finally:
        inside.send_signal(signal.SIGCONT)
    out, _ = inside.communicate("\n")
    assert out.startswith("DatabaseUnusable ")
    assert "the turn to write ended before the transaction did" in out
    assert [revision.new for revision in store.revisions("n")] == [41]
    assert left_over(store) == []
