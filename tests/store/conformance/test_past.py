"""The store as it was, and following what changes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import HistoryPruned, KeyNotFound, RevisionNotFound
from sloth_tui.model import Difference
from tests.store.conformance.samples import VALUES, identical
from tests.support import A_MINUTE, wait_until

if TYPE_CHECKING:
    from sloth_tui.model import Value
    from sloth_tui.store.port import Store


def past(store: Store, revision: int, prefix: str = "") -> dict[str, Value]:
    return {entry.key: entry.value for entry in store.entries_at(revision, prefix)}


def test_every_revision_can_be_looked_at(store: Store) -> None:
    states: dict[int, dict[str, Value]] = {0: {}}
    for number, value in enumerate(VALUES):
        store.set(f"key:{number % 5}", value)
        states[store.revision()] = dict(store.items())
        if number % 3 == 0:
            store.delete(f"key:{(number + 1) % 5}")
            states[store.revision()] = dict(store.items())
    for revision, state in states.items():
        assert identical(past(store, revision), state)
        assert identical(past(store, revision, "key:2"), {k: v for k, v in state.items() if k == "key:2"})


def test_an_entry_of_the_past_says_when_it_was_written(store: Store) -> None:
    store.set("key", "one")
    then = store.entry("key")
    store.set("other", 1)
    between = store.revision()
    store.set("key", [2])
    found = store.entry_at("key", between)
    assert (found.value, found.type, found.revision, found.size) == ("one", "string", then.revision, 3)
    assert found.updated_at is not None
    assert then.updated_at is not None
    assert found.updated_at == pytest.approx(then.updated_at, abs=A_MINUTE)
    assert found.created_at == pytest.approx(then.created_at, abs=A_MINUTE)
    assert list(store.entries_at(between, "key")) == [found]
    assert list(store.entries_at(store.revision())) == list(store.entries())


def test_a_key_that_was_not_there_is_told(store: Store) -> None:
    store.set("first", 1)
    store.set("second", 1)
    store.delete("first")
    with pytest.raises(KeyNotFound, match="no key 'second' at revision 1"):
        store.entry_at("second", 1)
    with pytest.raises(KeyNotFound):
        store.entry_at("first", 3)
    with pytest.raises(KeyNotFound):
        store.entry_at("never", 3)
    for ask in (
        lambda: store.entry_at("first", 4),
        lambda: store.entries_at(4),
        lambda: store.differences(1, 4),
    ):
        with pytest.raises(RevisionNotFound):
            ask()


def test_differences_lie_between_two_revisions_whichever_comes_first(store: Store) -> None:
    store.set_many({"a": 1, "b": 1, "c": 1})
    first = store.revision()
    store.set("a", 2)
    store.set("b", 2)
    store.set("b", 1)
    store.delete("c")
    second = store.revision()
    store.set("a", "later")
    store.set("d", True)
    assert list(store.differences(first, second)) == [Difference("a", 1, 2), Difference("c", 1, None)]
    assert list(store.differences(second, first)) == [Difference("a", 2, 1), Difference("c", None, 1)]
    assert list(store.differences(first, store.revision(), "d")) == [Difference("d", None, True)]
    assert list(store.differences(first, first)) == []


def test_what_is_forgotten_is_told_and_the_rest_is_exact(store: Store) -> None:
    for number in range(10):
        store.set("busy", number)
        store.set("quiet", number // 5)
    before = {revision: past(store, revision) for revision in range(store.revision() + 1)}
    store.prune(keep=4, keep_deleted_days=90)
    oldest = store.complete_since()
    assert 0 < oldest < store.revision()
    assert store.complete_since("quiet") == 0
    for revision, state in before.items():
        if revision >= oldest:
            assert past(store, revision) == state
        else:
            with pytest.raises(HistoryPruned, match="no longer kept"):
                store.entries_at(revision)
            with pytest.raises(HistoryPruned):
                store.differences(revision, store.revision())
        wanted = {"quiet": state["quiet"]} if "quiet" in state else {}
        assert past(store, revision, "quiet") == wanted
    assert store.entry_at("quiet", 2).value == 0
    with pytest.raises(HistoryPruned):
        store.entry_at("busy", 2)


def test_keys_of_which_nothing_is_left_are_not_denied(store: Store) -> None:
    store.set("gone", 1)
    store.delete("gone")
    store.set("there", 1)
    newest = store.revision()
    wait_until(lambda: store.prune(keep=50, keep_deleted_days=0) == 2)
    assert store.complete_since() == 2
    assert past(store, newest) == {"there": 1}
    assert past(store, 2) == {}
    for key in ("gone", "there"):
        with pytest.raises(HistoryPruned):
            store.entry_at(key, 1)


def test_a_time_stands_for_the_newest_revision_then(store: Store) -> None:
    assert store.revision_at(time.time()) == 0
    store.set("key", 1)
    first = store.revision()
    at = next(iter(store.revisions("key"))).at
    wait_until(lambda: time.time() > at + 0.01)
    store.set("key", 2)
    assert store.revision_at(at + 0.005) == first
    assert store.revision_at(time.time() + 1) == store.revision()
    assert store.revision_at(at - 60) == 0
    store.compact(keep=1)
    with pytest.raises(HistoryPruned):
        store.revision_at(at - 60)


def test_following_misses_nothing_or_says_so(store: Store, other: Store) -> None:
    with store.transaction():
        for number in range(600):
            store.set(f"key:{number % 3}", number)
    seen: list[Value | None] = []
    since = 0
    while page := other.follow(since):
        seen += [change.new for change in page]
        since = page[-1].revision
    assert seen == list(range(600))
    assert [change.new for change in other.follow(0, prefix="key:1")][:3] == [1, 4, 7]
    store.prune(keep=100, keep_deleted_days=90)
    with pytest.raises(HistoryPruned, match="not all changes after revision 299 are kept"):
        other.follow(299)
    assert other.follow(300)[0].new == 300
    assert other.follow(600) == []


def test_compaction_keeps_what_it_is_told_to(store: Store) -> None:
    for number in range(20):
        store.set("a", number)
        store.set("b", number)
    told: list[tuple[int, int]] = []
    assert store.compact(keep=5, upto=20, progress=lambda done, of: told.append((done, of))) == 20
    assert told[-1] == (20, 20)
    assert len(list(store.revisions("a"))) == len(list(store.revisions("b"))) == 10
    assert store.compact(keep=5) == 10
    assert [change.new for change in store.revisions("b")] == [19, 18, 17, 16, 15]
    assert store.compact() == 9
    assert store.stats().revisions == 1
    assert store.set("a", "next") == 41
    assert dict(store.items()) == {"a": "next", "b": 19}
