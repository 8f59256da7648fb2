"""Holders that die, stop or are cut off: nobody is ever inside twice, and nobody waits for longer than the
lease."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import LockHeld, LockLost
from sloth_tui.store import process
from sloth_tui.store.etcd.client import keeping
from sloth_tui.store.etcd.client.messages import Range
from tests.servers.etcd import Etcd
from tests.servers.namespaces import TwoHosts, needs_namespaces
from tests.store.etcd.faults import opened, session_of
from tests.support import A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.etcd.store import EtcdStore

_CHECKOUT = Path(__file__).parents[3]
_HOLDS = """
import sys
from sloth_tui.errors import SlothError
from sloth_tui.store.etcd.client import keeping
from sloth_tui.store.etcd.locks import locks
from tests.store.etcd import faults

address, seconds, tied = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "tied"
if len(sys.argv) > 4:
    keeping.TIED_LEASE_SECONDS = locks.TIED_LEASE_SECONDS = int(sys.argv[4])
store = faults.opened(address)
lock = store.acquire("deploy", "first", seconds, wait=60, ephemeral=tied)
store.fence("deploy", lock.token)
store.set("by", "first")
print(lock.token, flush=True)
for line in sys.stdin:
    try:
        if line == "write\\n":
            store.set("by", "first, late")
        elif line == "renew\\n":
            store.renew("deploy", "first", seconds)
        elif line == "release\\n":
            store.release("deploy", "first", token=lock.token)
        elif line == "block\\n":
            with store.transaction():
                store.set("by", "first, late")
        print("done", flush=True)
    except SlothError as error:
        print(type(error).__name__, str(error), sep=": ", flush=True)
"""


@pytest.fixture
def store(address: str) -> Iterator[EtcdStore]:
    with opened(address) as store:
        yield store


@pytest.fixture
def as_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process be on a host of its own."""
    monkeypatch.setattr(process, "host_name", lambda: "elsewhere")
    process._known.clear()
    yield
    process._known.clear()


class Holder:
    """A process that has taken the lock ``deploy`` as ``first``, and is fenced by it."""

    def __init__(self, *words: object, command: tuple[str, ...] = ()) -> None:
        self.process = subprocess.Popen(
            [*command, sys.executable, "-c", _HOLDS, *map(str, words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_CHECKOUT,
        )
        self.token = int(self._line())

    def ask(self, what: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def holders() -> Iterator[list[Holder]]:
    """Those that are put here are ended."""
    found: list[Holder] = []
    yield found
    for holder in found:
        holder.end()


@pytest.mark.slow
@pytest.mark.parametrize("tied", ["free", pytest.param("tied", marks=pytest.mark.proof)])
@pytest.mark.usefixtures("as_elsewhere")
def test_a_holder_is_stopped_beyond_its_lease(
    tied: str, address: str, store: EtcdStore, holders: list[Holder]
) -> None:
    """Others have the lock then; what the holder does late is refused, and changes nothing."""
    holder = Holder(address, 2 if tied == "free" else 60, tied)
    holders.append(holder)
    holder.process.send_signal(signal.SIGSTOP)
    taken = store.acquire("deploy", "second", 60, wait=A_MINUTE)
    assert taken.token > holder.token
    holder.process.send_signal(signal.SIGCONT)
    for late in ("write", "block", "renew", "release"):
        assert holder.ask(late).startswith("LockLost: lock 'deploy' lost: "), late
    assert store.get("by") == "first"
    assert store.revision() == 1
    (held,) = store.locks()
    assert (held.holder, held.token) == ("second", taken.token)


def test_a_tied_lock_is_free_when_its_process_dies(
    address: str, store: EtcdStore, holders: list[Holder]
) -> None:
    """At once on the same host: its lease would go on for an hour."""
    holder = Holder(address, 7200, "tied", 3600)
    holders.append(holder)
    with pytest.raises(LockHeld):
        store.acquire("deploy", "second", 60)
    holder.end()
    assert store.locks() == []
    taken = store.acquire("deploy", "second", 60)
    assert taken.token > holder.token


@pytest.mark.proof
@pytest.mark.usefixtures("as_elsewhere")
def test_a_tied_lock_is_free_elsewhere_when_its_lease_ends(
    address: str, store: EtcdStore, holders: list[Holder]
) -> None:
    """Kept alive while its process lives, for longer than its lease; then the lease ends, not the hour."""
    holder = Holder(address, 3600, "tied")
    holders.append(holder)
    with pytest.raises(LockHeld):
        store.acquire("deploy", "second", 60, wait=keeping.TIED_LEASE_SECONDS + 3)
    holder.end()
    with pytest.raises(LockHeld):
        store.acquire("deploy", "second", 60)
    assert store.acquire("deploy", "second", 60, wait=A_MINUTE).token > holder.token


def test_who_lost_a_lock_can_neither_renew_nor_release_nor_write(store: EtcdStore, address: str) -> None:
    """The server ended the lease early, as after it was broken; the holder's own clock knows nothing of
    it."""
    with opened(address) as other:
        lost = store.acquire("deploy", "first", 600)
        store.fence("deploy", lost.token)
        (held,) = session_of(store).range(_lock_of(store)).kvs
        session_of(other).channel.revoke(held.lease, 5)
        taken = other.acquire("deploy", "second", 600)
        for late in (
            lambda: store.set("by", "first"),
            lambda: store.renew("deploy", "first", 600),
            lambda: store.release("deploy", "first", token=lost.token),
        ):
            with pytest.raises(LockLost) as told:
                late()
            assert str(told.value) == "lock 'deploy' lost: 'second' holds it"
        assert other.revision() == 0
        assert [(lock.holder, lock.token) for lock in other.locks()] == [("second", taken.token)]


def _lock_of(store: EtcdStore) -> Range:
    return Range(session_of(store).layout.lock("deploy"))


@pytest.mark.slow
@needs_namespaces
def test_a_host_is_cut_off_while_it_holds_a_lock(holders: list[Holder]) -> None:
    """The other host has the lock after the lease, and the late write of the first one is refused."""
    with Etcd(listen="0.0.0.0") as etcd, TwoHosts() as hosts, opened(etcd.address("shop")) as store:
        there = etcd.address("shop", host=hosts.first.server)
        first = Holder(there, 3, "free", command=tuple(hosts.first.command()))
        holders.append(first)
        assert store.get("by") == "first"
        hosts.first.cut_off()
        there = etcd.address("shop", host=hosts.second.server)
        second = Holder(there, 600, "free", command=tuple(hosts.second.command()))
        holders.append(second)
        assert second.token > first.token
        hosts.first.connect()
        assert first.ask("write").startswith("LockLost: lock 'deploy' lost: ")
        assert first.ask("release").startswith("LockLost: lock 'deploy' lost: ")
        assert second.ask("write") == "done"
        assert [revision.new for revision in store.revisions("by")] == ["first, late", "first"]
        for holder in holders:
            holder.end()
