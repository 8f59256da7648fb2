"""Times to live of entries, as every backend keeps them: what readers see, and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import KeyNotFound, NotWritable
from sloth_tui.model import Query
from tests.support import wait_until

if TYPE_CHECKING:
    from sloth_tui.model import Row
    from sloth_tui.store.port import Store, Window
    from tests.store.conformance.backends import Backend
    from tests.store.conformance.conftest import OpenTimed
    from tests.store.manual_clock import ManualClock

ALL = Query()


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


def test_past_its_time_an_entry_is_gone_for_every_reader(open_timed: OpenTimed, clock: ManualClock) -> None:
    store = open_timed()
    store.set_many({"a:1": "one", "a:2": "two", "b": "x" * 50})
    store.set("a:2", "two", ttl=10)
    store.set("b", "x" * 50, ttl=20)
    reader = open_timed(read_only=True)
    assert dict(reader.items()) == {"a:1": "one", "a:2": "two", "b": "x" * 50}
    clock.advance(9.99)
    assert reader.count() == 3
    clock.advance(0.01)
    for handle in (reader, store, open_timed()):
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


def test_a_table_loses_the_rows_whose_time_is_over(open_timed: OpenTimed, clock: ManualClock) -> None:
    store = open_timed()
    store.set_many({f"k:{number}": f"v{number}" for number in range(5)})
    store.set("k:1", "v1", ttl=10)
    store.set("k:3", "v3", ttl=20)
    window = open_timed(read_only=True).window()
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


def test_a_reader_deletes_nothing(open_timed: OpenTimed, clock: ManualClock) -> None:
    open_timed().set("key", 1, ttl=5)
    clock.advance(5)
    reader = open_timed(read_only=True)
    with pytest.raises(NotWritable):
        reader.expire()
    assert reader.revision() == 1
    assert not reader.exists("key")


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
