from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import LockHeld, LockLost, LockNotFound, NotWritable, SlothError, UsageError
from sloth_tui.model import Origin
from tests.support import A_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sloth_tui.model import Lock
    from sloth_tui.store.port import Store
    from tests.store.conformance.backends import Backend
    from tests.store.conformance.conftest import LetPass, OpenStore
    from tests.store.manual_clock import ManualClock

DAY = 86400.0


# -- taking and giving back


@pytest.mark.machine_clock
def test_a_lock_says_who_holds_it_and_for_how_long(store: Store, clock: ManualClock) -> None:
    lock = store.acquire("deploy", "task-1", 300)
    assert (lock.name, lock.holder, lock.ephemeral, lock.alive) == ("deploy", "task-1", False, True)
    assert lock.acquired_at == pytest.approx(clock.wall(), abs=0.001)
    assert lock.expires_at == pytest.approx(clock.wall() + 300, abs=0.001)
    assert lock.remaining == 300
    assert lock.owner is not None
    assert (lock.owner.pid, lock.owner.boot_id) == (os.getpid(), clock.boot_id)
    assert store.lock("deploy") == lock


@pytest.mark.machine_clock
def test_a_lock_that_is_held_is_refused_whoever_asks(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 300)
    clock.advance(50)
    for handle, holder in ((other, "task-2"), (other, "task-1"), (store, "task-1")):
        with pytest.raises(
            LockHeld, match=r"^lock 'deploy' is held by 'task-1' for another 4m 10s$"
        ) as refused:
            handle.acquire("deploy", holder, 5)
        assert (refused.value.name, refused.value.holder) == ("deploy", "task-1")
        assert refused.value.remaining == 250


class Stopped(Exception):
    pass


def test_a_released_lock_is_free(store: Store, other: Store) -> None:
    store.acquire("deploy", "task-1", 300)
    store.release("deploy", "task-1")
    assert store.lock("deploy") is None
    assert other.acquire("deploy", "task-2", 300).holder == "task-2"


def test_locks_of_different_names_do_not_meet(store: Store) -> None:
    for name in ("b", "a", "A", "a%", "ä", "a b\n"):
        store.acquire(name, "h", 300)
    assert [lock.name for lock in store.locks()] == ["A", "a", "a b\n", "a%", "b", "ä"]
    store.release("a", "h")
    assert [lock.name for lock in store.locks()] == ["A", "a b\n", "a%", "b", "ä"]


def test_only_the_holder_releases(store: Store, other: Store) -> None:
    token = store.acquire("deploy", "task-1", 300).token
    attempts: list[Callable[[], object]] = [
        lambda: other.release("deploy", "task-2"),
        lambda: other.release("deploy", "task-1", token=token + 1),
        lambda: other.release("deploy", "task-2", token=token),
        lambda: other.release("another", "task-1"),
    ]
    for attempt in attempts:
        with pytest.raises(LockLost, match=r"^lock '(deploy|another)' lost"):
            attempt()
    assert store.lock("deploy") is not None
    other.release("deploy", "task-1", token=token)
    assert store.lock("deploy") is None


def test_nothing_is_held_at_first(store: Store) -> None:
    assert store.locks() == []
    assert store.lock("deploy") is None
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.release("deploy", "task-1")
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.renew("deploy", "task-1", 5)
    with pytest.raises(LockNotFound):
        store.break_lock("deploy")


# -- breaking


def test_breaking_takes_the_lock_from_its_holder(store: Store, other: Store) -> None:
    lock = store.acquire("deploy", "task-1", 300)
    broken = other.break_lock("deploy")
    assert (broken.holder, broken.token) == ("task-1", lock.token)
    assert other.lock("deploy") is None
    with pytest.raises(LockLost):
        store.renew("deploy", "task-1", 5)
    with pytest.raises(LockNotFound, match="lock 'deploy' is not held"):
        other.break_lock("deploy")


def test_a_break_is_taken_back_with_its_transaction(store: Store, other: Store) -> None:
    token = store.acquire("deploy", "task-1", 300).token

    def broken_in_vain() -> None:
        with other.transaction():
            assert other.break_lock("deploy").token == token
            assert (other.lock("deploy"), other.locks()) == (None, [])
            with pytest.raises(LockNotFound):
                other.break_lock("deploy")
            raise Stopped

    with pytest.raises(Stopped):
        broken_in_vain()
    assert other.lock_breaks() == []
    assert [(lock.holder, lock.token) for lock in other.locks()] == [("task-1", token)]
    store.fence("deploy", token)
    store.set("key", "the holder goes on")
    with other.transaction():
        other.break_lock("deploy")
        other.set("key", "of the other")
    assert [each.token for each in other.lock_breaks()] == [token]
    with pytest.raises(LockLost):
        store.set("key", "too late")
    assert (other.get("key"), other.locks()) == ("of the other", [])
    assert other.acquire("deploy", "task-2", 300).token > token


def test_who_broke_what_is_on_record(store: Store, other: Store) -> None:
    assert store.lock_breaks() == []
    origin = Origin("ana", "web1", 42, "sloth-runner", "lock break deploy")
    other.set_origin(origin)
    tokens = []
    for holder in ("task-1", "task-2", "task-3"):
        tokens.append(store.acquire("deploy", holder, 300).token)
        other.break_lock("deploy")
    newest, middle, oldest = store.lock_breaks()
    assert [broken.token for broken in (oldest, middle, newest)] == tokens
    assert (newest.name, newest.holder, newest.origin) == ("deploy", "task-3", origin)
    assert oldest.at == pytest.approx(time.time(), abs=60)
    assert store.lock_breaks(limit=1) == [newest]


def test_a_lock_that_ran_out_is_not_there_to_be_broken(store: Store, let_pass: LetPass, lease: float) -> None:
    store.acquire("deploy", "task-1", lease)
    let_pass(lease)
    with pytest.raises(LockNotFound):
        store.break_lock("deploy")


# -- what may be asked


@pytest.mark.parametrize("seconds", [0, -1, -0.0, float("nan"), float("inf"), 30 * DAY + 0.1, "5", None])
def test_a_time_that_no_lock_can_have_is_refused(store: Store, seconds: float) -> None:
    with pytest.raises(UsageError, match="more than 0 seconds and at most 30 days"):
        store.acquire("deploy", "task-1", seconds)
    store.acquire("deploy", "task-1", 5)
    with pytest.raises(UsageError, match="more than 0 seconds and at most 30 days"):
        store.renew("deploy", "task-1", seconds)


@pytest.mark.parametrize("seconds", [0.001, 1, 30 * DAY])
def test_a_time_that_a_lock_can_have(store: Store, backend: Backend, seconds: float) -> None:
    passed = 0.0 if backend.machine_clock else A_MINUTE
    remaining = store.acquire("deploy", "task-1", seconds).remaining
    assert remaining == pytest.approx(seconds) or seconds - passed <= remaining <= seconds


@pytest.mark.parametrize("wait", [-1, float("nan"), "5", None])
def test_a_wait_that_cannot_be_is_refused(store: Store, wait: float) -> None:
    with pytest.raises(UsageError, match="time to wait"):
        store.acquire("deploy", "task-1", 5, wait=wait)


@pytest.mark.parametrize("text", ["", "a\0b", "x" * 4097, "ä" * 2049, "\udcff", 5, None, b"bytes"])
def test_text_that_can_name_nothing_is_refused(store: Store, text: str) -> None:
    with pytest.raises(UsageError, match=r"^the name of a lock must"):
        store.acquire(text, "task-1", 5)
    with pytest.raises(UsageError, match=r"^the holder of a lock must"):
        store.acquire("deploy", text, 5)
    assert store.locks() == []


@pytest.mark.parametrize("text", ["x" * 4096, "ä" * 2048, "\x1b]52;c;\x07", "[/red]", "'", "--", " ", "🦥"])
def test_any_other_text_comes_back_as_it_was(store: Store, text: str) -> None:
    store.acquire(text, text, 300)
    assert [(lock.name, lock.holder) for lock in store.locks()] == [(text, text)]
    store.renew(text, text, 300)
    store.release(text, text)
    assert store.lock(text) is None


def test_a_read_only_handle_sees_locks_and_takes_none(
    store: Store, open_store: OpenStore, clock: ManualClock
) -> None:
    lock = store.acquire("deploy", "task-1", 300)
    reader = open_store(clock=clock, read_only=True)
    assert held(reader.locks()) == held([lock])
    assert held([reader.lock("deploy")]) == held([lock])
    attempts: list[Callable[[], object]] = [
        lambda: reader.acquire("another", "task-1", 5),
        lambda: reader.acquire("deploy", "task-2", 5, wait=60),
        lambda: reader.renew("deploy", "task-1", 5),
        lambda: reader.release("deploy", "task-1"),
        lambda: reader.break_lock("deploy"),
    ]
    for attempt in attempts:
        with pytest.raises(NotWritable):
            attempt()
    assert held(store.locks()) == held([lock])


def held(locks: Iterable[Lock | None]) -> list[tuple[object, ...]]:
    """What does not change while they are held."""
    return [(one.name, one.holder, one.token, one.acquired_at, one.owner) for one in locks if one]


def test_every_error_is_one_of_ours(store: Store) -> None:
    store.acquire("deploy", "task-1", 300)
    with pytest.raises(SlothError) as refused:
        store.acquire("deploy", "task-1", 300)
    assert refused.value.exit_code == 4
    with pytest.raises(SlothError) as lost:
        store.release("deploy", "task-2")
    assert lost.value.exit_code == 6
