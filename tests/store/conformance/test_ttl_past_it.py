"""Times to live of entries, as every backend keeps them: an entry past its time is absent for what is atomic,
in transactions, for undo; and by which clock that is."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Origin

if TYPE_CHECKING:
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


def made(store: Store, key: str) -> list[tuple[str, object, object, str | None]]:
    """What happened to a key, oldest first."""
    return [
        (found.operation, found.old, found.new, found.origin and found.origin.user)
        for found in reversed(list(store.revisions(key)))
    ]


def authors(store: Store, key: str) -> list[bool]:
    """For each revision of a key, oldest first: whether its author is ``expired``."""
    return [who == "expired" for *_, who in made(store, key)]


def _somebody(title: str) -> Origin:
    return Origin("ann", "host", 1, "test", title, None, None)


# -- what is atomic


def test_it_can_be_set_if_absent(store: Store, other: Store, clock: ManualClock) -> None:
    store.set("key", "old", ttl=5)
    assert not other.set_if_absent("key", "new")
    clock.advance(5)
    assert other.set_if_absent("key", "new")
    assert made(store, "key")[1:] == [
        ("delete", "old", None, "expired"), ("set", None, "new", made(store, "key")[0][3])
    ]  # fmt: skip
    assert store.ttl("key") is None
    assert store.entry("key").created_at == store.entry("key").updated_at


def test_its_value_and_revision_are_none(store: Store, other: Store, clock: ManualClock) -> None:
    store.set("key", "old", ttl=5)
    clock.advance(5)
    assert not other.compare_and_set("key", "old", "new")
    assert not other.compare_and_set_revision("key", 1, "new")
    assert other.compare_and_set("key", None, "new")
    store.set("key", "old", ttl=5)
    clock.advance(5)
    assert other.compare_and_set_revision("key", 0, "new")
    assert store.get("key") == "new"
    assert authors(store, "key") == [False, True, False, False, True, False]


def test_a_count_begins_anew(store: Store, other: Store, clock: ManualClock) -> None:
    for _ in range(3):
        store.increment("hits")
    store.set_ttl("hits", 60)
    assert other.increment("hits") == 4
    clock.advance(60)
    assert other.increment("hits") == 1
    assert store.ttl("hits") is None
    assert store.increment("hits", 2) == 3


def test_it_cannot_be_deleted_again(store: Store, other: Store, clock: ManualClock) -> None:
    store.set_many({"a:1": 1, "a:2": 2, "a:3": 3}, ttls={"a:1": 5, "a:2": 5})
    clock.advance(5)
    assert not other.delete("a:1")
    assert other.delete_many(["a:2", "a:3"]) == 1
    assert other.delete_prefix("a:") == 0
    assert authors(store, "a:1") == [False, True]
    assert authors(store, "a:3") == [False, False]


def test_deleting_and_setting_begins_anew(store: Store, clock: ManualClock) -> None:
    store.set("key", 1, ttl=5)
    store.delete("key")
    store.set("key", 2)
    store.set_many({"a:1": 1}, ttls={"a:1": 5})
    store.delete_prefix("a:")
    store.increment("a:1")
    clock.advance(5)
    assert dict(store.items()) == {"a:1": 1, "key": 2}


# -- transactions


def test_a_transaction_gives_and_takes_it_or_does_not(store: Store, other: Store, clock: ManualClock) -> None:
    store.set_many({"a": 1, "b": 2}, ttls={"a": 100})
    with suppress(ZeroDivisionError), store.transaction():
        store.set("a", 1)
        store.set_ttl("b", 10)
        store.set("c", 3, ttl=10)
        assert store.ttl("a") is None
        assert store.ttl("b") == pytest.approx(10, abs=0.01)
        raise ZeroDivisionError
    assert other.ttl("a") == pytest.approx(100, abs=0.01)
    assert (other.ttl("b"), other.ttl("c")) == (None, None)
    with store.transaction():
        store.set_ttl("a", None)
        store.set("b", 5, ttl=20)
        assert store.increment("b") == 6
        with suppress(ZeroDivisionError), store.transaction():
            store.set_ttl("b", None)
            assert store.ttl("b") is None
            raise ZeroDivisionError
        assert store.ttl("b") == pytest.approx(20, abs=0.01)
    assert other.ttl("a") is None
    assert other.ttl("b") == pytest.approx(20, abs=0.01)
    clock.advance(20)
    assert dict(other.items()) == {"a": 1}


def test_it_may_end_in_the_middle_of_a_transaction(store: Store, other: Store, clock: ManualClock) -> None:
    store.set_many({"a": 1, "b": 2}, ttls={"a": 5})
    with store.transaction():
        assert store.get("a") == 1
        store.set("b", 3)
        clock.advance(5)
        assert not store.exists("a")
        assert list(store.keys()) == ["b"]
        assert store.count() == 1
        assert store.set_if_absent("a", 7)
        assert store.get("a") == 7
    assert dict(other.items()) == {"a": 7, "b": 3}
    assert other.next_expiry() is None or other.expire() == 0


def test_a_transaction_sees_what_ended_before_it_as_gone(
    store: Store, other: Store, clock: ManualClock
) -> None:
    store.set("a", 1, ttl=5)
    clock.advance(5)
    with other.transaction():
        assert other.increment("a", 5) == 5
    assert authors(store, "a") == [False, True, False]


# -- history


def test_undo_restores_the_value_without_it(store: Store, clock: ManualClock) -> None:
    store.set("key", "old", ttl=50)
    store.set_origin(_somebody("overwrites"))
    store.set("key", "new")
    assert store.undo(store.newest_change_set()) == 1
    assert (store.get("key"), store.ttl("key")) == ("old", None)
    store.set("key", "old", ttl=50)
    store.set_origin(_somebody("deletes"))
    store.delete("key")
    store.undo(store.newest_change_set())
    assert (store.get("key"), store.ttl("key")) == ("old", None)
    clock.advance(60)
    assert store.get("key") == "old"


def test_undo_passes_over_the_end_unless_it_is_named(store: Store, clock: ManualClock) -> None:
    store.set("key", "held", ttl=5)
    clock.advance(5)
    store.set_origin(_somebody("adds"))
    store.set("another", 1)
    store.set("late", 1, ttl=5)
    clock.advance(5)
    store.expire()
    newest, end, *_ = store.change_sets()
    assert newest.origin is not None
    assert newest.origin.user == "expired"
    found = store.newest_change_set()
    assert found.origin is not None
    assert found.origin.title == "adds"
    assert store.undo(newest) == 1
    assert (store.get("late"), store.ttl("late")) == (1, None)
    assert end.id != newest.id


def test_rollback_restores_the_value_without_it(store: Store, clock: ManualClock) -> None:
    store.set("key", "one", ttl=5)
    store.set("key", "two", ttl=5)
    clock.advance(5)
    assert store.rollback(1) == 1
    assert (store.get("key"), store.ttl("key")) == ("one", None)
    assert store.entry_at("key", 2).value == "two"
    assert [entry.key for entry in store.entries_at(3)] == []


# -- clocks


@pytest.mark.machine_clock
@pytest.mark.parametrize("step", [DAY, -DAY])
def test_a_step_of_the_wall_clock_moves_none(
    store: Store, other: Store, clock: ManualClock, step: float
) -> None:
    store.set("key", 1, ttl=5)
    clock.step_wall(step)
    clock.advance(4.9)
    assert other.ttl("key") == pytest.approx(0.1)
    clock.advance(0.1)
    assert not other.exists("key")


@pytest.mark.machine_clock
def test_after_a_reboot_the_wall_clock_decides(store: Store, other: Store, clock: ManualClock) -> None:
    store.set_many({"a": 1, "b": 2, "c": 3}, ttls={"a": 60, "b": 3600, "c": 7200})
    clock.reboot(100)
    assert list(other.keys()) == ["b", "c"]
    assert other.ttl("b") == pytest.approx(3600 - 101)
    assert other.next_expiry() == 0
    store.set("d", 4)
    assert authors(store, "a") == [False, True]
    clock.step_wall(DAY)  # counts no more, since a writer has seen them in this boot
    assert other.ttl("b") == pytest.approx(3600 - 101)
    clock.advance(3600 - 101)
    assert list(other.keys()) == ["c", "d"]
