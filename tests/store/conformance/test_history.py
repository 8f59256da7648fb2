"""Revisions, who made them, and how long they are kept."""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Origin
from tests.store.conformance.samples import VALUES, identical
from tests.support import wait_until

if TYPE_CHECKING:
    from sloth_tui.model import Value
    from sloth_tui.store.port import Store
    from tests.store.conformance.backends import Backend
    from tests.store.conformance.conftest import Many, OpenStore

ALICE = Origin("alice", "host-1", 41, "sloth-runner", "set a", None, None)
BOB = Origin("bob", "host-2", 42, "lua", "run deploy.lua", "run-7", "deploy")


def summary(store: Store, key: str) -> list[tuple[str, Value | None, Value | None]]:
    """Oldest first."""
    return [(change.operation, change.old, change.new) for change in store.revisions(key)][::-1]


def test_an_empty_store_has_revision_0(store: Store) -> None:
    assert store.revision() == 0
    assert list(store.revisions("key")) == []
    assert list(store.revisions_since(0)) == []


def test_revisions_grow_over_all_keys(store: Store, other: Store) -> None:
    seen = [store.set("a", 1), other.set("b", 1), store.set("a", 2), other.set("a", 3)]
    store.delete("b")
    seen += [other.revision(), store.set("b", 1)]
    assert seen == sorted(set(seen))
    assert other.revision() == seen[-1]


def test_a_revision_tells_what_it_was_and_what_it_became(store: Store) -> None:
    store.set("key", "one")
    store.set("key", 2)
    store.increment("key", 2)
    store.delete("key")
    store.set("key", {"a": 1})
    store.compare_and_set("key", {"a": 1}, b"\xff")
    assert summary(store, "key") == [
        ("set", None, "one"),
        ("set", "one", 2),
        ("set", 2, 4),
        ("delete", 4, None),
        ("set", None, {"a": 1}),
        ("set", {"a": 1}, b"\xff"),
    ]


def test_history_keeps_every_type(store: Store) -> None:
    for value in VALUES:
        store.set("key", value)
    assert identical([change.new for change in store.revisions("key")][::-1], VALUES)
    assert identical([change.old for change in store.revisions("key")][::-1], [None, *VALUES[:-1]])


def test_revisions_of_a_key_come_newest_first_and_can_be_limited(store: Store) -> None:
    store.set("other", 1)
    written = [store.set("key", number) for number in range(20)]
    assert [change.revision for change in store.revisions("key")] == written[::-1]
    assert [change.new for change in store.revisions("key", limit=3)] == [19, 18, 17]
    assert list(store.revisions("key", limit=0)) == []
    assert list(store.revisions("missing")) == []


def test_changes_come_oldest_first_each_once(store: Store) -> None:
    with store.transaction():
        for number in range(700):
            store.set(f"key:{number % 40:02}", number)
    everything = list(store.revisions_since(0))
    assert [change.revision for change in everything] == sorted({change.revision for change in everything})
    assert everything[-1].revision == store.revision()
    middle = everything[300].revision
    assert [change.revision for change in store.revisions_since(middle)] == [
        change.revision for change in everything[301:]
    ]
    assert list(store.revisions_since(store.revision())) == []
    assert list(store.revisions_since(middle, limit=300)) == everything[301:601]
    assert list(store.revisions_since(middle, limit=0)) == []
    assert list(store.revisions_since(0, prefix="key:07")) == [c for c in everything if c.key == "key:07"]
    assert [change.new for change in store.revisions_since(0, prefix="key:39", limit=2)] == [39, 79]


def test_a_change_says_when_and_who(store: Store) -> None:
    before = time.time()
    store.set_origin(ALICE)
    store.set_many({"a": 1, "b": 1})
    store.set_origin(BOB)
    store.delete("a")
    store.set("b", 2)
    changes = list(store.revisions_since(0))
    assert [change.origin for change in changes] == [ALICE, ALICE, BOB, BOB]
    first, second, third, fourth = [change.change_set_id for change in changes]
    assert first == second != third == fourth
    assert all(before - 1 < change.at < time.time() + 1 for change in changes)


def test_without_an_origin_it_is_this_process(store: Store) -> None:
    store.set("key", 1)
    (change,) = store.revisions_since(0)
    assert change.origin is not None
    assert change.origin.pid == os.getpid()
    assert change.origin.user


def test_deleting_a_prefix_records_every_key(store: Store) -> None:
    store.set_many({f"tmp:{number}": number for number in range(5)})
    since = store.revision()
    store.delete_prefix("tmp:")
    assert [
        (change.operation, change.key, change.old, change.new) for change in store.revisions_since(since)
    ] == [("delete", f"tmp:{number}", number, None) for number in range(5)]


def test_pruning_keeps_the_newest_of_each_key_and_says_how_many_went(store: Store) -> None:
    for number in range(40):
        store.set("a", number)
        store.set("b", -number)
    assert store.prune(keep=10, keep_deleted_days=90) == 60
    assert [change.new for change in store.revisions("a")] == list(range(39, 29, -1))
    assert [change.old for change in store.revisions("b")] == [-number for number in range(38, 28, -1)]
    assert store.prune(keep=10, keep_deleted_days=90) == 0


def test_pruning_forgets_old_deletions_but_never_the_newest_revision(store: Store) -> None:
    store.set("gone", 1)
    store.delete("gone")
    store.set("again", 1)
    store.delete("again")
    store.set("again", 2)
    store.set("last", 1)
    store.delete("last")
    newest = store.revision()
    store.prune(keep=50, keep_deleted_days=90)
    assert len(list(store.revisions_since(0))) == 7
    # A deletion has to be older than no time at all.
    wait_until(lambda: store.prune(keep=50, keep_deleted_days=0) == 2)
    assert list(store.revisions("gone")) == []
    assert len(list(store.revisions("again"))) == 3
    assert store.revision() == newest
    assert store.set("next", 1) > newest


def test_the_change_token_moves_with_the_commits_of_others(store: Store, open_store: OpenStore) -> None:
    watcher = open_store(read_only=True)
    token = watcher.change_token()
    assert watcher.change_token() == token
    for write in (
        lambda: store.set("key", 1),
        lambda: store.set("key", 2),
        lambda: store.delete("key"),
        lambda: store.acquire("lock", "holder", 5),
        lambda: store.release("lock", "holder"),
    ):
        write()
        # A server tells a reader as soon as it can; files show it at once.
        (moved,) = wait_until(partial(moved_from, watcher, token))
        assert watcher.change_token() == moved
        token = moved


def moved_from(watcher: Store, token: int) -> tuple[int, ...]:
    """Return the token as it is now; nothing if it is still this one."""
    now = watcher.change_token()
    return () if now == token else (now,)


def test_stats_count_what_is_there(store: Store, backend: Backend) -> None:
    empty = store.stats()
    assert (empty.total_keys, empty.total_size, empty.last_modified, empty.types) == (0, 0, 0, {})
    before = int(time.time())
    store.set_many({"a": "é", "b": 1, "cc": [1], "d": b"xyz"})
    store.set("b", 22)
    store.acquire("lock", "holder", 5)
    stats = store.stats()
    assert stats.total_keys == 4
    assert stats.total_size == len("abccd") + 2 + 2 + 3 + 3
    assert before <= stats.last_modified <= time.time()
    assert stats.types == {"string": 1, "integer": 1, "table": 1, "bytes": 1}
    assert (stats.revision, stats.revisions, stats.oldest_revision) == (5, 5, 1)
    assert (stats.history_size, stats.locks) == (1, 1)
    assert bool(stats.file_size) is backend.has_files
    assert stats.location == store.location
    store.delete_prefix("")
    assert store.stats().last_modified == 0


@pytest.mark.parametrize("value", ["x" * 1_000_000, b"\xff" * 1_000_000], ids=["text", "bytes"])
def test_large_values_are_kept_whole_in_history(store: Store, value: Value) -> None:
    store.set("key", value)
    store.set("key", "small")
    assert [change.old for change in store.revisions("key")] == [value, None]


@pytest.mark.slow
def test_changes_tell_what_a_key_became_however_far_off_that_is(store: Store, many: Many) -> None:
    total = many(5000)
    keys = [f"key:{number:04}" for number in range(total)]
    for value in ("one", "two", "three"):
        store.set_many(dict.fromkeys(keys, value))
    became = {(change.key, change.revision): change.new for change in store.revisions_since(0)}
    assert [became[key, turn * total + 1 + place] for turn in range(3) for place, key in enumerate(keys)] == (
        ["one"] * total + ["two"] * total + ["three"] * total
    )
    assert [change.new for change in store.revisions_since(0, prefix=keys[-1])] == ["one", "two", "three"]
