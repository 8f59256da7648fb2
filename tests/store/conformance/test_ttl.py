"""Times to live of entries, as every backend keeps them."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from math import inf, nan
from typing import TYPE_CHECKING, Protocol

import pytest

from sloth_tui.errors import KeyNotFound, NotWritable, UsageError
from sloth_tui.model import Origin, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.model import Row
    from sloth_tui.store.port import Store, Window
    from tests.store.conformance.backends import Backend
    from tests.store.manual_clock import ManualClock

DAY = 86400.0
ALL = Query()


class Open(Protocol):
    def __call__(self, *, read_only: bool = False) -> Store: ...


@pytest.fixture
def opened(backend: Backend, clock: ManualClock) -> Iterator[Open]:
    address = backend.fresh()
    with ExitStack() as handles:
        handles.callback(backend.discard, address)

        def another(*, read_only: bool = False) -> Store:
            return handles.enter_context(backend.open_by(address, clock, read_only))

        yield another


@pytest.fixture
def store(opened: Open) -> Store:
    return opened()


@pytest.fixture
def other(opened: Open) -> Store:
    return opened()


def made(store: Store, key: str) -> list[tuple[str, object, object, str | None]]:
    """What happened to a key, oldest first."""
    return [
        (found.operation, found.old, found.new, found.origin and found.origin.user)
        for found in reversed(list(store.revisions(key)))
    ]


def authors(store: Store, key: str) -> list[bool]:
    """For each revision of a key, oldest first: whether its author is ``expired``."""
    return [who == "expired" for *_, who in made(store, key)]


def shown(window: Window, query: Query, generation: int) -> list[Row | None]:
    window.supersede(generation)
    count = 0
    for found, _ in window.index(query, generation):
        count = found
    return window.page(generation, 0, count) or []


def keys_of(rows: list[Row | None]) -> list[str]:
    return [row.key for row in rows if row is not None]


# -- reading


def test_an_entry_tells_what_it_has_left(store: Store, other: Store, clock: ManualClock) -> None:
    store.set("stays", 1)
    assert store.set("goes", 2, ttl=90) == 2
    for handle in (store, other):
        assert handle.ttl("goes") == pytest.approx(90, abs=0.01)
        assert handle.ttl("stays") is None
        assert handle.ttl("absent") is None
        assert handle.entry("goes").expires_at == pytest.approx(clock.wall() + 90, abs=0.01)
        assert handle.entry("stays").expires_at is None
        assert [entry.expires_at is not None for entry in handle.entries()] == [True, False]
    clock.advance(30.5)
    assert other.ttl("goes") == pytest.approx(59.5, abs=0.01)
    assert other.get("goes") == 2


def test_past_its_time_an_entry_is_gone_for_every_reader(opened: Open, clock: ManualClock) -> None:
    store = opened()
    store.set_many({"a:1": "one", "a:2": "two", "b": "x" * 50})
    store.set("a:2", "two", ttl=10)
    store.set("b", "x" * 50, ttl=20)
    reader = opened(read_only=True)
    assert dict(reader.items()) == {"a:1": "one", "a:2": "two", "b": "x" * 50}
    clock.advance(9.99)
    assert reader.count() == 3
    clock.advance(0.01)
    for handle in (reader, store, opened()):
        assert handle.get("a:2", "none") == "none"
        assert handle.get_many(["a:2", "a:1"]) == {"a:1": "one"}
        assert not handle.exists("a:2")
        assert handle.ttl("a:2") is None
        assert list(handle.keys()) == ["a:1", "b"]
        assert list(handle.items("a:")) == [("a:1", "one")]
        assert [entry.key for entry in handle.entries()] == ["a:1", "b"]
        assert (handle.count(), handle.count("a:")) == (2, 1)
        assert [(group.prefix, group.keys) for group in handle.groups()] == [("a:", 1)]
        assert [found.key for found in handle.top_entries("largest", 5)] == ["b", "a:1"]
        assert handle.stats().total_keys == 2
        with pytest.raises(KeyNotFound) as refusal:
            handle.entry("a:2")
        assert "a:2" not in (refusal.value.hint or "")
    clock.advance(10)
    assert dict(reader.items()) == {"a:1": "one"}


def test_a_table_loses_the_rows_whose_time_is_over(opened: Open, clock: ManualClock) -> None:
    store = opened()
    store.set_many({f"k:{number}": f"v{number}" for number in range(5)})
    store.set("k:1", "v1", ttl=10)
    store.set("k:3", "v3", ttl=20)
    window = opened(read_only=True).window()
    try:
        rows = shown(window, ALL, 1)
        assert keys_of(rows) == ["k:0", "k:1", "k:2", "k:3", "k:4"]
        assert [row is not None and row.expires_at is not None for row in rows] == [
            False, True, False, True, False
        ]  # fmt: skip
        clock.advance(10)
        assert keys_of(shown(window, ALL, 1)) == ["k:0", "k:2", "k:3", "k:4"]
        assert keys_of(shown(window, Query(value="v"), 2)) == ["k:0", "k:2", "k:3", "k:4"]
        assert keys_of(shown(window, Query(sort="size", descending=True), 3)) == [
            "k:0", "k:2", "k:3", "k:4"
        ]  # fmt: skip
        assert window.existing(["k:0", "k:1"]) == {"k:0"}
        assert keys_of(shown(window, ALL, 4)) == ["k:0", "k:2", "k:3", "k:4"]
        assert window.keys(0, 9) == ["k:0", "k:2", "k:3", "k:4"]
        clock.advance(10)
        assert keys_of(shown(window, ALL, 4)) == ["k:0", "k:2", "k:4"]
        store.set("k:1", "again")
        assert_soon(window, ["k:0", "k:1", "k:2", "k:4"])
    finally:
        window.close()


def assert_soon(window: Window, keys: list[str]) -> None:
    """A table hears of others' changes at its own pace."""
    from tests.support import wait_until

    wait_until(lambda: keys_of(shown(window, ALL, 4)) == keys)


# -- the end


def test_the_end_is_one_revision_by_expired(store: Store, other: Store, clock: ManualClock) -> None:
    store.set("key", "held", ttl=5)
    clock.advance(5)
    assert store.revision() == 1
    assert (store.next_expiry(), other.next_expiry()) == (0, 0)
    assert store.expire() == 1
    assert other.expire() == 0
    assert store.next_expiry() is None
    assert made(other, "key")[-1] == ("delete", "held", None, "expired")
    assert other.revision() == 2
    newest = next(iter(other.change_sets()))
    assert newest.origin is not None
    assert (newest.origin.user, newest.origin.title, newest.revisions) == (
        "expired", "time to live was over", 1
    )  # fmt: skip


def test_a_write_of_another_key_records_the_end_first(store: Store, other: Store, clock: ManualClock) -> None:
    store.set("key", "held", ttl=5)
    clock.advance(5)
    other.set("another", 1)
    assert [(found.key, found.operation) for found in store.revisions_since(1)] == [
        ("key", "delete"), ("another", "set")
    ]  # fmt: skip


def test_many_end_at_once(store: Store, other: Store, clock: ManualClock) -> None:
    values: dict[str, object] = {f"key:{number:04}": number for number in range(350)}
    store.set_many(values, ttls=dict.fromkeys(values, 30.0) | {"key:0000": 31.0})  # type: ignore[arg-type]
    store.set("stays", 1)
    clock.advance(30)
    assert other.count() == 2
    assert other.expire() == 349
    assert sorted(store.keys()) == ["key:0000", "stays"]
    assert store.next_expiry() == pytest.approx(1, abs=0.01)
    assert next(iter(store.change_sets())).revisions == 349


def test_when_the_next_one_ends_is_known(store: Store, other: Store, clock: ManualClock) -> None:
    assert store.next_expiry() is None
    store.set("late", 1, ttl=100)
    store.set("soon", 1, ttl=10)
    for handle in (store, other):
        assert handle.next_expiry() == pytest.approx(10, abs=0.01)
    clock.advance(4)
    assert other.next_expiry() == pytest.approx(6, abs=0.01)
    store.delete("soon")
    store.expire()
    left = store.next_expiry()
    assert left is not None
    assert left <= 96.01


def test_a_reader_deletes_nothing(opened: Open, clock: ManualClock) -> None:
    opened().set("key", 1, ttl=5)
    clock.advance(5)
    reader = opened(read_only=True)
    with pytest.raises(NotWritable):
        reader.expire()
    assert reader.revision() == 1
    assert not reader.exists("key")


# -- what keeps it, and what takes it away


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
    from tests.support import wait_until

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


# -- an entry past its time is absent for what is atomic


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


def _somebody(title: str) -> Origin:
    return Origin("ann", "host", 1, "test", title, None, None)


# -- the whole


def test_a_copy_of_a_store_has_it_too(backend: Backend, store: Store, clock: ManualClock) -> None:
    store.set_many({"a": 1, "b": 2}, ttls={"a": 100})
    address = backend.fresh()
    try:
        with backend.open_by(address, clock, False) as copy:
            copy.load(store.dump())
            assert copy.ttl("a") == pytest.approx(100, abs=0.01)
            assert copy.ttl("b") is None
            clock.advance(100)
            assert dict(copy.items()) == {"b": 2}
            assert copy.expire() == 1
    finally:
        backend.discard(address)


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
