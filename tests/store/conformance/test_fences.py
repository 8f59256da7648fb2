from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import LockLost

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import LetPass
    from tests.store.manual_clock import ManualClock

DAY = 86400.0


@pytest.mark.machine_clock
def test_tokens_of_one_name_grow_whatever_ends_the_lock(
    store: Store, other: Store, clock: ManualClock
) -> None:
    tokens = [store.acquire("deploy", "task-1", 5).token]
    store.release("deploy", "task-1")
    tokens.append(other.acquire("deploy", "task-1", 5).token)
    clock.advance(5)
    tokens.append(store.acquire("deploy", "task-1", 5).token)
    store.break_lock("deploy")
    tokens.append(store.acquire("deploy", "task-1", 5).token)
    clock.reboot(60)
    tokens.append(store.acquire("deploy", "task-1", 5).token)
    assert tokens == sorted(set(tokens))
    assert tokens[0] > 0


WRITES: list[Callable[[Store], object]] = [
    lambda store: store.set("key", "new"),
    lambda store: store.set_many({"key": "new", "another": "new"}),
    lambda store: store.delete("key"),
    lambda store: store.delete_many(["key"]),
    lambda store: store.delete_prefix("k"),
    lambda store: store.increment("number"),
    lambda store: store.set_if_absent("another", "new"),
    lambda store: store.compare_and_set("key", "old", "new"),
    lambda store: store.compare_and_set_revision("key", store.entry("key").revision or 0, "new"),
]


@pytest.mark.parametrize("write", WRITES)
def test_no_write_passes_a_lost_fence(store: Store, other: Store, write: Callable[[Store], object]) -> None:
    store.set_many({"key": "old", "number": 1})
    before, revision = dict(store.items()), store.revision()
    store.fence("deploy", store.acquire("deploy", "task-1", 300).token)
    other.break_lock("deploy")
    other.acquire("deploy", "task-1", 300)
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost: 'task-1' holds it$") as lost:
        write(store)
    assert lost.value.name == "deploy"
    assert (dict(other.items()), other.revision()) == (before, revision)
    store.unfence("deploy")
    write(store)
    assert other.revision() > revision


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.delete("absent"),
        lambda store: store.delete_many(["absent"]),
        lambda store: store.delete_prefix("absent"),
        lambda store: store.set("key", "old"),
        lambda store: store.set_if_absent("key", "new"),
        lambda store: store.check_fences(),
    ],
)
def test_a_lost_fence_is_told_even_where_nothing_was_to_be_written(
    store: Store, other: Store, write: Callable[[Store], object]
) -> None:
    store.set("key", "old")
    store.fence("deploy", store.acquire("deploy", "task-1", 300).token)
    write(store)
    other.break_lock("deploy")
    with pytest.raises(LockLost):
        write(store)


def test_fences_are_checked_for_what_is_done_outside_of_the_store(
    store: Store, other: Store, let_pass: LetPass, lease: float
) -> None:
    store.check_fences()
    for name in ("a", "b"):
        store.fence(name, store.acquire(name, "task-1", 300).token)
    other.acquire("c", "task-2", 300)
    store.check_fences()
    other.check_fences()
    with store.transaction():
        store.check_fences()
    other.release("b", "task-1")
    with pytest.raises(LockLost, match=r"^lock 'b' lost: it is not held$"):
        store.check_fences()
    store.unfence("b")
    store.check_fences()
    store.renew("a", "task-1", lease)
    let_pass(lease)
    with pytest.raises(LockLost, match=r"^lock 'a' lost: it has expired$"):
        store.check_fences()


def test_every_fence_counts(store: Store, other: Store) -> None:
    for name in ("a", "b", "c"):
        store.fence(name, store.acquire(name, "task-1", 300).token)
    store.set("key", 1)
    other.release("b", "task-1")
    with pytest.raises(LockLost, match=r"^lock 'b' lost"):
        store.set("key", 2)
    store.unfence("b")
    store.set("key", 3)
    assert other.get("key") == 3


def test_a_fence_is_of_the_handle_that_set_it(store: Store, other: Store) -> None:
    store.fence("deploy", store.acquire("deploy", "task-1", 300).token)
    store.break_lock("deploy")
    other.set("key", "free to write")
    assert store.get("key") == "free to write"


def test_a_fenced_transaction_is_all_or_nothing(
    store: Store, other: Store, let_pass: LetPass, lease: float
) -> None:
    store.fence("deploy", store.acquire("deploy", "task-1", lease).token)

    def write_for_too_long() -> None:
        with store.transaction():
            store.set("first", 1)
            let_pass(lease)
            store.set("second", 2)

    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        write_for_too_long()
    assert list(other.keys()) == []


def test_no_fence_holds_that_was_never_a_lock(store: Store) -> None:
    store.fence("deploy", 1)
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.set("key", "value")
    store.unfence("another")
    store.unfence("deploy")
    store.set("key", "value")


def test_a_fence_survives_a_renewal(store: Store, let_pass: LetPass, lease: float) -> None:
    store.fence("deploy", store.acquire("deploy", "task-1", lease).token)
    store.renew("deploy", "task-1", 300)
    let_pass(lease)
    store.set("key", "value")


def test_a_fenced_handle_touches_no_later_acquisition_of_its_holder(store: Store, other: Store) -> None:
    """Two runs of one file use the same holder."""
    store.fence("deploy", store.acquire("deploy", "task-1", 300).token)
    other.break_lock("deploy")
    lock = other.acquire("deploy", "task-1", 300)
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.renew("deploy", "task-1", 300)
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.release("deploy", "task-1")
    found = other.lock("deploy")
    assert found is not None
    assert (found.token, found.holder) == (lock.token, lock.holder)


def test_locks_can_be_given_back_while_another_is_lost(store: Store) -> None:
    for name in ("lost", "held"):
        store.fence(name, store.acquire(name, "task-1", 300).token)
    store.break_lock("lost")
    store.release("held", "task-1")
    assert store.locks() == []
