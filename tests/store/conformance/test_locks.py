from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import LockHeld, LockLost, LockNotFound, NotWritable, SlothError, UsageError
from sloth_tui.model import Origin
from tests.store.manual_clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import OpenStore

DAY = 86400.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(open_store: OpenStore, clock: ManualClock) -> Store:
    return open_store(clock=clock)


@pytest.fixture
def other(open_store: OpenStore, clock: ManualClock) -> Store:
    """A second handle on the same store."""
    return open_store(clock=clock)


# -- taking and giving back


def test_a_lock_says_who_holds_it_and_for_how_long(store: Store, clock: ManualClock) -> None:
    lock = store.acquire("deploy", "task-1", 300)
    assert (lock.name, lock.holder, lock.tied, lock.alive) == ("deploy", "task-1", False, True)
    assert lock.acquired_at == pytest.approx(clock.wall(), abs=0.001)
    assert lock.expires_at == pytest.approx(clock.wall() + 300, abs=0.001)
    assert lock.remaining == 300
    assert lock.owner is not None
    assert (lock.owner.pid, lock.owner.boot_id) == (os.getpid(), clock.boot_id)
    assert store.lock("deploy") == lock


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
    with pytest.raises(LockLost, match="^lock 'deploy' lost"):
        store.release("deploy", "task-1")
    with pytest.raises(LockLost, match="^lock 'deploy' lost"):
        store.renew("deploy", "task-1", 5)
    with pytest.raises(LockNotFound):
        store.break_lock("deploy")


# -- time


def test_a_lock_runs_out(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 2.5)
    clock.advance(2.499)
    assert store.locks()[0].remaining == pytest.approx(0.001)
    clock.advance(0.001)
    assert store.locks() == []
    assert other.acquire("deploy", "task-2", 5).holder == "task-2"


@pytest.mark.parametrize("step", [DAY, -DAY])
def test_a_step_of_the_wall_clock_moves_no_lease(
    store: Store, other: Store, clock: ManualClock, step: float
) -> None:
    token = store.acquire("deploy", "task-1", 5).token
    store.fence("deploy", token)
    clock.advance(1)
    clock.step_wall(step)
    clock.advance(3.9)
    lock = other.lock("deploy")
    assert lock is not None
    assert lock.remaining == pytest.approx(0.1)
    store.set("key", "in time")
    clock.advance(0.1)
    assert other.lock("deploy") is None
    with pytest.raises(LockLost):
        store.set("key", "too late")
    assert other.get("key") == "in time"


def test_renewing_begins_the_time_anew_under_the_same_token(
    store: Store, other: Store, clock: ManualClock
) -> None:
    first = store.acquire("deploy", "task-1", 5)
    clock.advance(4)
    renewed = store.renew("deploy", "task-1", 10)
    assert renewed.remaining == 10
    assert renewed.expires_at == pytest.approx(clock.wall() + 10, abs=0.001)
    assert (renewed.token, renewed.acquired_at, renewed.owner) == (
        first.token,
        first.acquired_at,
        first.owner,
    )
    clock.advance(9)
    assert other.lock("deploy") is not None
    store.renew("deploy", "task-1", 0.5)
    clock.advance(0.5)
    assert other.lock("deploy") is None


def test_what_has_run_out_cannot_be_renewed_or_released(store: Store, clock: ManualClock) -> None:
    token = store.acquire("deploy", "task-1", 5).token
    clock.advance(5)
    with pytest.raises(LockLost, match="^lock 'deploy' lost"):
        store.renew("deploy", "task-1", 5)
    with pytest.raises(LockLost, match="^lock 'deploy' lost"):
        store.release("deploy", "task-1", token=token)


def test_a_lock_of_another_holder_cannot_be_renewed(store: Store, other: Store) -> None:
    store.acquire("deploy", "task-1", 5)
    with pytest.raises(LockLost, match="^lock 'deploy' lost: 'task-1' holds it"):
        other.renew("deploy", "task-2", 5)


def test_after_a_reboot_a_plain_lock_lasts_until_its_wall_clock_time(
    store: Store, clock: ManualClock
) -> None:
    token = store.acquire("deploy", "task-1", 100).token
    clock.reboot(29)
    lock = store.lock("deploy")
    assert lock is not None
    assert lock.remaining == pytest.approx(70, abs=0.01)
    assert (lock.token, lock.alive) == (token, False)
    clock.advance(71)
    assert store.lock("deploy") is None


def test_a_lock_renewed_after_a_reboot_is_measured_by_this_boot(store: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 100)
    clock.reboot(29)
    assert store.renew("deploy", "task-1", 10).alive is False
    clock.step_wall(-DAY)
    clock.advance(9.5)
    assert store.lock("deploy") is not None
    clock.advance(0.5)
    assert store.lock("deploy") is None


def test_after_a_reboot_a_tied_lock_is_free(store: Store, clock: ManualClock) -> None:
    assert store.acquire("deploy", "task-1", 100, tied=True).tied
    assert store.lock("deploy") is not None
    clock.reboot(1)
    assert store.lock("deploy") is None
    assert store.acquire("deploy", "task-1", 100).token == 2


# -- waiting


def test_waiting_ends_when_the_lock_runs_out(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 3)
    began = clock.now()
    lock = other.acquire("deploy", "task-2", 5, wait=60)
    assert lock.holder == "task-2"
    assert clock.now() - began == 3_000_000_000, "not a moment after its end"
    assert max(clock.slept) <= 0.05


def test_waiting_ends_when_the_lock_is_given_back(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 300)
    began = clock.now()

    def give_back() -> None:
        if store.lock("deploy") and clock.now() - began > 1_000_000_000:
            store.release("deploy", "task-1")

    clock.while_asleep = give_back
    assert other.acquire("deploy", "task-2", 5, wait=60).holder == "task-2"
    assert clock.now() - began < 1_200_000_000


def test_waiting_gives_up_at_its_deadline(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 300)
    began = clock.now()
    clock.while_asleep = lambda: clock.step_wall(DAY)
    with pytest.raises(LockHeld, match="another 4m 58s$") as refused:
        other.acquire("deploy", "task-2", 5, wait=1.5)
    assert clock.now() - began == 1_500_000_000
    assert refused.value.remaining == pytest.approx(298.5)


def test_a_handler_that_raises_ends_the_wait(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 300)

    def interrupt() -> None:
        raise KeyboardInterrupt

    clock.while_asleep = interrupt
    with pytest.raises(KeyboardInterrupt):
        other.acquire("deploy", "task-2", 5, wait=60)
    lock = other.lock("deploy")
    assert lock is not None
    assert lock.holder == "task-1"


def test_no_lock_is_taken_inside_a_transaction(store: Store) -> None:
    with pytest.raises(UsageError, match="inside a transaction"), store.transaction():
        store.acquire("deploy", "task-1", 5)
    assert store.locks() == []


def test_a_transaction_that_fails_has_released_nothing(store: Store, other: Store) -> None:
    store.acquire("deploy", "task-1", 300)
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.release("deploy", "task-1")
        raise ZeroDivisionError
    assert other.lock("deploy") is not None


# -- tokens and fences


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
def test_no_write_passes_a_lost_fence(
    store: Store, other: Store, clock: ManualClock, write: Callable[[Store], object]
) -> None:
    store.set_many({"key": "old", "number": 1})
    before, revision = dict(store.items()), store.revision()
    store.fence("deploy", store.acquire("deploy", "task-1", 5).token)
    other.break_lock("deploy")
    other.acquire("deploy", "task-1", 5)
    with pytest.raises(LockLost, match="^lock 'deploy' lost: 'task-1' holds it$") as lost:
        write(store)
    assert lost.value.name == "deploy"
    assert (dict(other.items()), other.revision()) == (before, revision)
    store.unfence("deploy")
    write(store)
    assert other.revision() > revision


def test_every_fence_counts(store: Store, other: Store) -> None:
    for name in ("a", "b", "c"):
        store.fence(name, store.acquire(name, "task-1", 5).token)
    store.set("key", 1)
    other.release("b", "task-1")
    with pytest.raises(LockLost, match="^lock 'b' lost"):
        store.set("key", 2)
    store.unfence("b")
    store.set("key", 3)
    assert other.get("key") == 3


def test_a_fence_is_of_the_handle_that_set_it(store: Store, other: Store) -> None:
    store.fence("deploy", store.acquire("deploy", "task-1", 5).token)
    store.break_lock("deploy")
    other.set("key", "free to write")
    assert store.get("key") == "free to write"


def test_a_fenced_transaction_is_all_or_nothing(store: Store, other: Store, clock: ManualClock) -> None:
    store.fence("deploy", store.acquire("deploy", "task-1", 5).token)
    with pytest.raises(LockLost), store.transaction():
        store.set("first", 1)
        clock.advance(5)
        store.set("second", 2)
    assert list(other.keys()) == []


def test_no_fence_holds_that_was_never_a_lock(store: Store) -> None:
    store.fence("deploy", 1)
    with pytest.raises(LockLost, match="^lock 'deploy' lost"):
        store.set("key", "value")
    store.unfence("another")
    store.unfence("deploy")
    store.set("key", "value")


def test_a_fence_survives_a_renewal(store: Store, clock: ManualClock) -> None:
    store.fence("deploy", store.acquire("deploy", "task-1", 5).token)
    clock.advance(4)
    store.renew("deploy", "task-1", 5)
    clock.advance(4)
    store.set("key", "value")


def test_a_fenced_handle_touches_no_later_acquisition_of_its_holder(store: Store, other: Store) -> None:
    """Two runs of one file use the same holder."""
    store.fence("deploy", store.acquire("deploy", "task-1", 5).token)
    other.break_lock("deploy")
    lock = other.acquire("deploy", "task-1", 5)
    with pytest.raises(LockLost, match="^lock 'deploy' lost"):
        store.renew("deploy", "task-1", 300)
    with pytest.raises(LockLost, match="^lock 'deploy' lost"):
        store.release("deploy", "task-1")
    assert other.lock("deploy") == lock


def test_locks_can_be_given_back_while_another_is_lost(store: Store) -> None:
    for name in ("lost", "held"):
        store.fence(name, store.acquire(name, "task-1", 5).token)
    store.break_lock("lost")
    store.release("held", "task-1")
    assert store.locks() == []


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


def test_a_lock_that_ran_out_is_not_there_to_be_broken(store: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 5)
    clock.advance(5)
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
def test_a_time_that_a_lock_can_have(store: Store, seconds: float) -> None:
    assert store.acquire("deploy", "task-1", seconds).remaining == pytest.approx(seconds)


@pytest.mark.parametrize("wait", [-1, float("nan"), "5", None])
def test_a_wait_that_cannot_be_is_refused(store: Store, wait: float) -> None:
    with pytest.raises(UsageError, match="time to wait"):
        store.acquire("deploy", "task-1", 5, wait=wait)


@pytest.mark.parametrize("text", ["", "a\0b", "x" * 4097, "ä" * 2049, "\udcff", 5, None, b"bytes"])
def test_text_that_can_name_nothing_is_refused(store: Store, text: str) -> None:
    with pytest.raises(UsageError, match="^the name of a lock must"):
        store.acquire(text, "task-1", 5)
    with pytest.raises(UsageError, match="^the holder of a lock must"):
        store.acquire("deploy", text, 5)
    assert store.locks() == []


@pytest.mark.parametrize("text", ["x" * 4096, "ä" * 2048, "\x1b]52;c;\x07", "[/red]", "'", "--", " ", "🦥"])
def test_any_other_text_comes_back_as_it_was(store: Store, text: str) -> None:
    store.acquire(text, text, 5)
    assert [(lock.name, lock.holder) for lock in store.locks()] == [(text, text)]
    store.renew(text, text, 5)
    store.release(text, text)
    assert store.lock(text) is None


def test_a_read_only_handle_sees_locks_and_takes_none(
    store: Store, open_store: OpenStore, clock: ManualClock
) -> None:
    lock = store.acquire("deploy", "task-1", 300)
    reader = open_store(clock=clock, read_only=True)
    assert reader.locks() == [lock]
    assert reader.lock("deploy") == lock
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
    assert store.locks() == [lock]


def test_every_error_is_one_of_ours(store: Store) -> None:
    store.acquire("deploy", "task-1", 300)
    with pytest.raises(SlothError) as refused:
        store.acquire("deploy", "task-1", 300)
    assert refused.value.exit_code == 4
    with pytest.raises(SlothError) as lost:
        store.release("deploy", "task-2")
    assert lost.value.exit_code == 6
