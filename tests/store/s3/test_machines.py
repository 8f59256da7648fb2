"""Locks between machines: no clock of one is compared with that of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import LockHeld, LockLost
from sloth_tui.model import Owner
from sloth_tui.store import process
from sloth_tui.store.s3.leases import keeping, leases
from tests.servers.imitations import between
from tests.servers.s3 import path_in
from tests.store.manual_clock import ManualClock
from tests.support import wait_until

if TYPE_CHECKING:
    from sloth_tui.store.port import Store
    from tests.servers.s3 import Bucket
    from tests.store.s3.conftest import OpenS3


class OtherMachine(ManualClock):
    """A machine of another boot, whose clocks have nothing to do with those of this one."""

    def __init__(self, name: str = "far") -> None:
        super().__init__()
        self._name = name
        process._known[self.boot_id] = Owner(name, 4711, 1, self.boot_id)
        self.advance(1e7)

    @property
    def boot_id(self) -> str:
        return f"boot-of-{self._name}"


def test_a_lock_of_another_machine_counts_from_when_it_was_first_seen(open_s3: OpenS3) -> None:
    near, far = ManualClock(), OtherMachine()
    store, other = open_s3(clock=near), open_s3(machine="far", clock=far)
    token = store.acquire("deploy", "task-1", 5).token
    far.advance(100)
    with pytest.raises(LockHeld, match=r"^lock 'deploy' is held by 'task-1' for another 5s$"):
        other.acquire("deploy", "task-2", 5)
    far.advance(4)
    assert other.locks()[0].remaining == pytest.approx(1)
    store.renew("deploy", "task-1", 5)
    assert other.locks()[0].remaining == pytest.approx(5)
    far.advance(5)
    assert other.locks() == []
    assert other.acquire("deploy", "task-2", 5).token == token + 1
    with pytest.raises(LockLost, match="'task-2' holds it"):
        store.renew("deploy", "task-1", 5)


def test_what_a_machine_saw_first_is_remembered_there(open_s3: OpenS3) -> None:
    """Else a command could never take a lock that was left behind: each would count anew."""
    store, far = open_s3(), OtherMachine()
    store.acquire("deploy", "task-1", 5)
    for _ in range(2):
        with pytest.raises(LockHeld):
            open_s3(machine="far", clock=far).acquire("deploy", "task-2", 5)
        far.advance(2.5)
    assert open_s3(machine="far", clock=far).acquire("deploy", "task-2", 5).token == 2


def test_waiting_for_a_lock_of_another_machine_ends_when_it_runs_out(open_s3: OpenS3) -> None:
    store, far = open_s3(), OtherMachine()
    other = open_s3(machine="far", clock=far)
    store.acquire("deploy", "task-1", 3)
    began = far.now()
    assert other.acquire("deploy", "task-2", 5, wait=60).token == 2
    assert far.now() - began == pytest.approx(3e9)


def test_a_write_on_its_way_is_refused_once_its_lock_was_taken(server: Bucket, open_s3: OpenS3) -> None:
    """The fence was looked at before; the write arrives after another holder has the lock."""
    far = OtherMachine()
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        store = open_s3(address)
        other = open_s3(address.replace(url, server.endpoint), machine="far", clock=far)
        store.set("key", "old")
        store.fence("deploy", store.acquire("deploy", "task-1", 3600).token)
        assert other.locks()[0].holder == "task-1"
        taken: list[int] = []

        def take(method: str, path: str) -> None:
            if method == "PUT" and path.endswith(".db") and not taken:
                far.advance(3600)
                taken.append(other.acquire("deploy", "task-2", 3600).token)

        decides.before = take
        with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
            store.set("key", "too late")
        assert taken == [2]
        assert other.get("key") == "old"


def test_a_lock_that_was_broken_lets_no_write_through_that_was_on_its_way(
    server: Bucket, open_s3: OpenS3
) -> None:
    with between(server.endpoint) as (url, decides):
        address = server.fresh(url)
        store, other = open_s3(address), open_s3(address.replace(url, server.endpoint), machine="far")
        store.set("key", "old")
        store.fence("deploy", store.acquire("deploy", "task-1", 3600).token)
        broken: list[int] = []

        def take(method: str, path: str) -> None:
            if method == "PUT" and path.endswith(".db") and not broken:
                broken.append(other.break_lock("deploy").token)

        decides.before = take
        with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
            store.set("key", "too late")
        assert broken == [1]
        assert other.get("key") == "old"


def test_a_tied_lock_is_shown_to_live_and_free_soon_after_it_is_not(
    open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_EVERY_SECONDS", 0.05)
    near = ManualClock()
    store, other = open_s3(machine="far", clock=OtherMachine()), open_s3(clock=near)
    store.acquire("deploy", "task-1", 3600, ephemeral=True)
    assert [(lock.ephemeral, lock.alive) for lock in other.locks()] == [(True, None)]
    for _ in range(3):
        near.advance(leases.BEAT_SECONDS - 1)
        wait_until(lambda: other.locks()[0].remaining == pytest.approx(leases.BEAT_SECONDS))
    store.close()
    assert other.locks() != []
    near.advance(leases.BEAT_SECONDS)
    assert other.acquire("deploy", "task-2", 5).token == 2


def test_who_cannot_show_that_he_lives_writes_no_more_under_a_tied_lock(
    server: Bucket, open_s3: OpenS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "_EVERY_SECONDS", 0.05)
    with between(server.endpoint) as (url, decides):
        store = open_s3(server.fresh(url))
        store.fence("deploy", store.acquire("deploy", "task-1", 3600, ephemeral=True).token)
        store.set("key", 1)
        decides.answers = lambda method, path: 403 if method == "PUT" and "/locks/" in path else 0
        monkeypatch.setattr(keeping, "BEAT_SECONDS", 0.0)  # the time is over
        with pytest.raises(LockLost, match=r"^lock 'deploy' lost: it has expired$"):
            store.set("key", 2)
        monkeypatch.setattr(keeping, "BEAT_SECONDS", leases.BEAT_SECONDS)
        decides.answers = lambda method, path: 0
        wait_until(lambda: _passes(store))


def _passes(store: Store) -> bool:
    try:
        store.set("key", 3)
    except LockLost:
        return False
    return True


def test_a_transaction_whose_machine_fell_silent_writes_nothing(open_s3: OpenS3) -> None:
    """Others wait for the life of its gate, and go on."""
    near = ManualClock()
    store, other = open_s3(machine="far", clock=OtherMachine()), open_s3(clock=near)
    store.set("key", "old")

    def stay_inside() -> None:
        with store.transaction():
            store.set("key", "too late")
            gate_path = store._writer._gate._path
            lease = store._writer._gate._leases.read(gate_path)
            assert lease is not None
            # As seen from the other machine: it was there before, and has not changed since.
            assert other._writer._gate.is_held(lease.body.token)
            near.advance(leases.BEAT_SECONDS)
            other.set("other", "went on")

    with pytest.raises(
        Exception, match="the transaction took too long, and others went on without it"
    ) as told:
        stay_inside()
    assert getattr(told.value, "exit_code", None) == 7
    assert dict(store.items()) == {"key": "old", "other": "went on"}
    store.set("key", "new")
    assert other.get("key") == "new"


def test_a_lock_that_came_back_from_a_backup_lets_no_older_write_through(
    address: str, server: Bucket, open_s3: OpenS3
) -> None:
    """The store knows by itself that there was a later holder."""
    store, other = open_s3(), open_s3(machine="far")
    store.set("key", "old")
    store.fence("deploy", store.acquire("deploy", "task-1", 3600).token)
    path = path_in(address, "locks", "local", "deploy")
    before = server.get(path)
    other.break_lock("deploy")
    server.put(path, before)
    assert store.lock("deploy") is not None
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.set("key", "too late")
    assert other.get("key") == "old"
