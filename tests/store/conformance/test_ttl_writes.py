"""Times to live of entries, as every backend keeps them: which writes keep one, and which take it away."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import UsageError
from tests.support import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import OpenTimed
    from tests.store.manual_clock import ManualClock

DAY = 86400.0


@pytest.fixture
def store(open_timed: OpenTimed) -> Store:
    return open_timed()


@pytest.fixture
def other(open_timed: OpenTimed) -> Store:
    return open_timed()


@pytest.mark.parametrize("value", ["new", "old"], ids=["another value", "the same value"])
def test_a_plain_set_takes_it_away(store: Store, other: Store, clock: ManualClock, value: str) -> None:
    store.set("key", "old", ttl=5)
    other.set("key", value)
    assert store.ttl("key") is None
    clock.advance(6)
    assert store.get("key") == value


def keep_set(store: Store) -> object:
    return store.set("key", 2, keep_ttl=True)


def keep_same(store: Store) -> object:
    return store.set("key", 1, keep_ttl=True)


def keep_compare(store: Store) -> object:
    assert store.compare_and_set("key", 1, 2)
    return None


def keep_compare_revision(store: Store) -> object:
    assert store.compare_and_set_revision("key", 1, 2)
    return None


def keep_increment(store: Store) -> object:
    return store.increment("key")


def keep_twice(store: Store) -> object:
    return store.increment("key"), store.increment("key", 0.5), store.increment("key", 0)


@pytest.mark.parametrize(
    "write", [keep_set, keep_same, keep_compare, keep_compare_revision, keep_increment, keep_twice]
)
def test_other_writes_keep_it(
    store: Store, other: Store, clock: ManualClock, write: Callable[[Store], object]
) -> None:
    store.set("key", 1, ttl=10)
    clock.advance(4)
    write(other)
    assert store.ttl("key") == pytest.approx(6, abs=0.01)
    clock.advance(6)
    assert not other.exists("key")


def test_a_new_one_takes_the_place_of_the_old_one(store: Store, other: Store, clock: ManualClock) -> None:
    store.set("key", 1, ttl=10)
    store.set("key", 2, ttl=100)
    assert other.ttl("key") == pytest.approx(100, abs=0.01)
    assert other.compare_and_set("key", 2, 3, ttl=50)
    assert store.ttl("key") == pytest.approx(50, abs=0.01)
    assert other.compare_and_set_revision("key", 3, 4, ttl=20)
    assert store.ttl("key") == pytest.approx(20, abs=0.01)
    clock.advance(15)
    assert store.get("key") == 4
    store.set("key", 4, ttl=1)
    clock.advance(1)
    assert not other.exists("key")


def test_to_give_one_is_no_revision(store: Store, other: Store, clock: ManualClock) -> None:
    revision = store.set("key", "held")
    token = other.change_token()
    assert store.set_ttl("key", 10)
    assert store.set("key", "held", ttl=20) == revision
    assert store.set_if_absent("new", 1, ttl=30)
    assert other.ttl("key") == pytest.approx(20, abs=0.01)
    assert other.ttl("new") == pytest.approx(30, abs=0.01)
    assert other.entry("key").revision == revision
    assert store.set_ttl("key", None)
    assert other.ttl("key") is None
    assert not store.set_ttl("absent", 10)
    assert not store.set_ttl("absent", None)
    assert store.revision() == revision + 1
    clock.advance(25)
    assert sorted(other.keys()) == ["key", "new"]
    wait_until(lambda: other.change_token() != token)


def test_of_many_each_has_its_own_or_none(store: Store, other: Store) -> None:
    store.set("b", 2, ttl=5)
    assert store.set_many({"a": 1, "b": 2, "c": 3}, ttls={"a": 10, "c": 20.5}) == 2
    assert other.ttl("a") == pytest.approx(10, abs=0.01)
    assert other.ttl("b") is None
    assert other.ttl("c") == pytest.approx(20.5, abs=0.01)


@pytest.mark.parametrize("seconds", [0, -1, -0.001, nan, inf, 3660 * DAY + 1, True, "5"])
def test_others_are_refused_and_nothing_is_written(store: Store, seconds: float) -> None:
    store.set("key", 1)
    writes: list[Callable[[], object]] = [
        lambda: store.set("key", 2, ttl=seconds),
        lambda: store.set_many({"key": 2}, ttls={"key": seconds}),
        lambda: store.set_if_absent("new", 2, ttl=seconds),
        lambda: store.compare_and_set("key", 1, 2, ttl=seconds),
        lambda: store.compare_and_set_revision("key", 1, 2, ttl=seconds),
        lambda: store.set_ttl("key", seconds),
    ]
    for write in writes:
        with pytest.raises(UsageError, match="a time to live is more than 0 seconds and at most ten years"):
            write()
    assert list(store.items()) == [("key", 1)]
    assert store.next_expiry() is None
