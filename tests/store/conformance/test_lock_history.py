"""What a store remembers of its locks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import LockLost
from sloth_tui.model import Origin
from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from sloth_tui.model import LockUse
    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import LetPass, OpenStore
    from tests.store.manual_clock import ManualClock

ALICE = Origin("alice", "web1", 4242, "sloth-runner", "lock run deploy", "run-7", "roll out")
BOB = Origin("bob", "web2", 17, "sloth-tui", "break lock deploy\x1b[31m", None, None)


def ends(uses: list[LockUse]) -> list[tuple[str, str, str | None]]:
    return [(use.name, use.holder, use.end) for use in uses]


def test_an_acquisition_is_remembered_from_its_beginning_to_its_end(store: Store, other: Store) -> None:
    assert store.lock_history("deploy") == store.lock_history() == []
    store.set_origin(ALICE)
    lock = store.acquire("deploy", "task-1", 300)
    [held] = other.lock_history("deploy")
    assert (held.holder, held.token, held.ephemeral, held.origin) == ("task-1", lock.token, False, ALICE)
    assert held.acquired_at == pytest.approx(lock.acquired_at, abs=0.01)
    assert held.until == pytest.approx(lock.expires_at, abs=0.01)
    assert (held.renewals, held.renewed_at, held.ended_at, held.end, held.ended_by) == (
        0,
        None,
        None,
        None,
        None,
    )
    store.renew("deploy", "task-1", 500)
    renewed = store.renew("deploy", "task-1", 600)
    [held] = other.lock_history("deploy")
    assert (held.renewals, held.end, held.token) == (2, None, lock.token)
    assert held.until == pytest.approx(renewed.expires_at, abs=0.01)
    assert held.renewed_at == pytest.approx(held.until - 600, abs=0.01)
    other.set_origin(BOB)
    other.release("deploy", "task-1", token=lock.token)
    [released] = store.lock_history("deploy")
    assert released == held._replace(ended_at=released.ended_at, end="released", ended_by=BOB)
    assert released.ended_at is not None
    assert released.ended_at >= held.acquired_at


def test_who_broke_a_lock_is_remembered(store: Store, other: Store) -> None:
    store.acquire("deploy", "task-1", 300, ephemeral=True)
    other.set_origin(BOB)
    other.break_lock("deploy")
    [broken] = store.lock_history()
    assert (broken.end, broken.ended_by, broken.ephemeral) == ("broken", BOB, True)
    with pytest.raises(LockLost):
        store.release("deploy", "task-1")
    assert store.lock_history() == [broken]


def test_a_lock_that_nobody_released_has_expired(
    store: Store, other: Store, lease: float, let_pass: LetPass
) -> None:
    store.acquire("deploy", "task-1", lease)
    let_pass(lease)
    wait_until(lambda: other.lock("deploy") is None)
    [expired] = other.lock_history()
    assert (expired.end, expired.ended_by) == ("expired", None)
    assert expired.ended_at == expired.until
    other.acquire("deploy", "task-2", 300, wait=A_MINUTE)
    assert ends(other.lock_history()) == [("deploy", "task-2", None), ("deploy", "task-1", "expired")]


def test_the_newest_come_first_of_one_lock_or_of_all(store: Store) -> None:
    for name, holder in (("a", "1"), ("b\n", "2"), ("a", "3"), ("ä", "4\x1b")):
        store.acquire(name, holder, 300)
        store.release(name, holder)
    assert [use.holder for use in store.lock_history()] == ["4\x1b", "3", "2", "1"]
    assert [use.holder for use in store.lock_history("a")] == ["3", "1"]
    assert [use.holder for use in store.lock_history("a", 1)] == ["3"]
    assert [use.name for use in store.lock_history(limit=2)] == ["ä", "a"]
    assert store.lock_history("none") == []
    assert store.lock_history(limit=0) == []


def test_a_release_that_is_rolled_back_is_not_remembered(store: Store) -> None:
    store.acquire("deploy", "task-1", 300)

    def fail() -> None:
        with store.transaction():
            store.release("deploy", "task-1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert ends(store.lock_history()) == [("deploy", "task-1", None)]
    with store.transaction():
        store.set("key", 1)
        store.release("deploy", "task-1")
    assert ends(store.lock_history()) == [("deploy", "task-1", "released")]


def test_the_last_ones_are_kept(store: Store) -> None:
    """At least twenty of each lock; each backend has tests of its own for the others."""
    number = 25
    for turn in range(number):
        store.acquire("deploy", str(turn), 300)
        store.release("deploy", str(turn))
    kept = [use.holder for use in store.lock_history(limit=5000)]
    assert 20 <= len(kept) <= 1000
    assert kept == [str(turn) for turn in reversed(range(number))][: len(kept)]


def test_a_reader_reads_it_and_nothing_is_made(open_store: OpenStore, clock: ManualClock) -> None:
    with open_store(clock=clock, read_only=True) as reader:
        assert reader.lock_history() == []
    with open_store(clock=clock) as store:
        store.acquire("deploy", "task-1", 300)
    with open_store(clock=clock, read_only=True) as reader:
        assert ends(reader.lock_history()) == [("deploy", "task-1", None)]
