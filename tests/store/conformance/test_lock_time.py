from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import LockHeld, LockLost, UsageError
from tests.store.manual_clock import ManualClock

if TYPE_CHECKING:
    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import LetPass, OpenStore

DAY = 86400.0


# -- time


@pytest.mark.machine_clock
def test_a_lock_runs_out(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 2.5)
    clock.advance(2.499)
    assert store.locks()[0].remaining == pytest.approx(0.001)
    clock.advance(0.001)
    assert store.locks() == []
    assert other.acquire("deploy", "task-2", 5).holder == "task-2"


@pytest.mark.machine_clock
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


@pytest.mark.machine_clock
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


def test_what_has_run_out_cannot_be_renewed_or_released(
    store: Store, let_pass: LetPass, lease: float
) -> None:
    token = store.acquire("deploy", "task-1", lease).token
    let_pass(lease)
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.renew("deploy", "task-1", 5)
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost"):
        store.release("deploy", "task-1", token=token)


def test_a_lock_of_another_holder_cannot_be_renewed(store: Store, other: Store) -> None:
    store.acquire("deploy", "task-1", 300)
    with pytest.raises(LockLost, match=r"^lock 'deploy' lost: 'task-1' holds it"):
        other.renew("deploy", "task-2", 5)


@pytest.mark.machine_clock
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


@pytest.mark.machine_clock
def test_who_is_refused_a_plain_lock_is_not_told_to_break_it_because_a_process_is_gone(
    store: Store, clock: ManualClock
) -> None:
    """It depends on none: after a reboot, too, somebody may work under it."""
    store.acquire("deploy", "task-1", 100)
    with pytest.raises(LockHeld) as refused:
        store.acquire("deploy", "task-2", 5)
    assert refused.value.hint is None
    clock.reboot(29)
    with pytest.raises(LockHeld, match=r"another 1m 10s$") as refused:
        store.acquire("deploy", "task-2", 5)
    assert refused.value.hint is None


@pytest.mark.machine_clock
def test_where_boots_cannot_be_told_apart_either_clock_ends_a_lock(open_store: OpenStore) -> None:
    clock = ManualClock(tells_boots=False)
    store = open_store(clock=clock)
    store.acquire("deploy", "task-1", 100)
    clock.step_wall(-DAY)
    clock.advance(99)
    assert store.lock("deploy") is not None
    clock.advance(1)
    assert store.lock("deploy") is None
    store.acquire("deploy", "task-1", 100)
    clock.reboot(150)
    assert store.lock("deploy") is None


@pytest.mark.machine_clock
def test_a_lock_renewed_after_a_reboot_is_measured_by_this_boot(store: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 100)
    clock.reboot(29)
    assert store.renew("deploy", "task-1", 10).alive is False
    clock.step_wall(-DAY)
    clock.advance(9.5)
    assert store.lock("deploy") is not None
    clock.advance(0.5)
    assert store.lock("deploy") is None


@pytest.mark.machine_clock
def test_after_a_reboot_a_tied_lock_is_free(store: Store, clock: ManualClock) -> None:
    assert store.acquire("deploy", "task-1", 100, ephemeral=True).ephemeral
    assert store.lock("deploy") is not None
    clock.reboot(1)
    assert store.lock("deploy") is None
    assert store.acquire("deploy", "task-1", 100).token == 2


# -- waiting


@pytest.mark.machine_clock
def test_waiting_ends_when_the_lock_runs_out(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 3)
    began = clock.now()
    lock = other.acquire("deploy", "task-2", 5, wait=60)
    assert lock.holder == "task-2"
    assert clock.now() - began == 3_000_000_000, "not a moment after its end"
    assert max(clock.slept) <= 0.05


@pytest.mark.machine_clock
def test_waiting_ends_when_the_lock_is_given_back(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 300)
    began = clock.now()

    def give_back() -> None:
        if store.lock("deploy") and clock.now() - began > 1_000_000_000:
            store.release("deploy", "task-1")

    clock.while_asleep = give_back
    assert other.acquire("deploy", "task-2", 5, wait=60).holder == "task-2"
    assert clock.now() - began < 1_200_000_000


@pytest.mark.machine_clock
def test_waiting_gives_up_at_its_deadline(store: Store, other: Store, clock: ManualClock) -> None:
    store.acquire("deploy", "task-1", 300)
    began = clock.now()
    clock.while_asleep = lambda: clock.step_wall(DAY)
    with pytest.raises(LockHeld, match=r"another 4m 58s$") as refused:
        other.acquire("deploy", "task-2", 5, wait=1.5)
    assert clock.now() - began == 1_500_000_000
    assert refused.value.remaining == pytest.approx(298.5)


@pytest.mark.machine_clock
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

    def give_back_and_fail() -> None:
        with store.transaction():
            store.release("deploy", "task-1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        give_back_and_fail()
    assert other.lock("deploy") is not None
