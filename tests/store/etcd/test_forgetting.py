"""What is forgotten on a server, and what goes with it."""

from __future__ import annotations

import os
import time
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from sloth_tui.model import Origin
from sloth_tui.settings import Settings
from sloth_tui.store.etcd.snapshots import begun
from sloth_tui.store.etcd.upkeep import retention
from tests.servers.etcd import needs_etcd
from tests.store.etcd.raw import names, put
from tests.support import wait_until

if TYPE_CHECKING:
    from sloth_tui.store.etcd.store import EtcdStore
    from tests.store.etcd.conftest import OpenStore

pytestmark = needs_etcd

KEEP_3 = Settings(keep_revisions=3)
LARGE = "x" * 600_000


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let revisions be forgotten that were written a moment ago."""
    monkeypatch.setattr(retention, "SETTLED_MS", 0)


def ended(title: str, run: str | None = None) -> Origin:
    """A process of this machine that has ended."""
    return Origin("user", os.uname().nodename, -1, "test", title, run)


def a_moment_later() -> None:
    """Wait until the clock of the revisions shows another time."""
    now = int(time.time() * 1000)
    wait_until(lambda: int(time.time() * 1000) > now + 1)


@pytest.mark.usefixtures("settled")
def test_the_setting_says_how_many_revisions_of_a_key_are_kept(open_etcd: OpenStore) -> None:
    store = open_etcd(KEEP_3)
    for number in range(100):
        store.set("key", number)
    kept = [change.new for change in store.revisions("key")]
    assert 3 <= len(kept) < 30
    assert kept == list(range(99, 99 - len(kept), -1))


@pytest.mark.usefixtures("settled")
def test_one_write_a_process_is_enough_to_forget(open_etcd: OpenStore) -> None:
    for number in range(10):
        store = open_etcd(KEEP_3)
        store.set("key", number)
        assert len(list(store.revisions("key"))) == min(number + 1, 3)
        store.close()


@pytest.mark.usefixtures("settled")
def test_a_block_of_writes_is_enough_to_forget(open_etcd: OpenStore) -> None:
    store = open_etcd(KEEP_3)
    with store.transaction():
        for number in range(50):
            store.set("key", number)
    assert len(list(store.revisions("key"))) == 3


def test_what_was_written_a_moment_ago_is_kept_for_those_who_follow(open_etcd: OpenStore) -> None:
    store = open_etcd(KEEP_3)
    for number in range(50):
        store.set("key", number)
    assert [change.new for change in store.follow(0)] == list(range(50))


def test_closing_forgets_what_was_deleted_long_ago_but_once_an_hour(open_etcd: OpenStore) -> None:
    no_days = Settings(keep_deleted_days=0.0)
    for left in (0, 2):
        store = open_etcd(no_days)
        store.set_many({"gone": 1, "again": 1})
        store.delete_many(["gone", "again"])
        store.set("again", 2)
        a_moment_later()
        store.close()
        reader = open_etcd()
        assert len(list(reader.revisions("gone"))) == left
        assert len(list(reader.revisions("again"))) >= 3
        reader.delete("again")


@pytest.mark.usefixtures("settled")
def test_closing_forgets_surplus_revisions_of_keys_written_lately(open_etcd: OpenStore) -> None:
    writer = open_etcd(Settings(keep_revisions=1000))
    with writer.transaction():
        for number in range(40):
            writer.set("key", number)
    store = open_etcd(KEEP_3)
    store.set("another", 1)
    store.close()
    assert len(list(writer.revisions("key"))) == 3


def test_change_sets_go_with_their_last_revision(open_etcd: OpenStore) -> None:
    store = open_etcd()
    for number in range(5):
        store.set_origin(ended(f"set {number}", f"run {number}"))
        store.set("key", number)
    assert (len(names(store, "c/")), len(names(store, "n/")), len(names(store, "u/"))) == (5, 5, 5)
    store.prune(keep=2, keep_deleted_days=-1)
    assert [change.origin and change.origin.title for change in store.revisions("key")] == ["set 4", "set 3"]
    assert (len(names(store, "c/")), len(names(store, "n/")), len(names(store, "u/"))) == (2, 2, 2)


def test_the_change_set_of_a_process_that_runs_is_kept(open_etcd: OpenStore) -> None:
    store = open_etcd()
    store.set("key", 1)
    other = open_etcd()
    other.set("key", 2)
    other.prune(keep=1, keep_deleted_days=-1)
    store.set("key", 3)
    assert all(change.origin for change in store.revisions("key"))


def test_large_values_go_with_their_revision(open_etcd: OpenStore) -> None:
    store = open_etcd()
    store.set_many({"one": LARGE, "other": LARGE})
    store.set("one", 2)
    assert store.prune(keep=1, keep_deleted_days=90) == 1
    assert names(store, "b/") != []
    assert next(iter(store.revisions("one"))).old == LARGE
    store.set("one", 3)
    assert store.prune(keep=1, keep_deleted_days=90) == 1
    assert store.get("other") == LARGE
    store.set("other", 2)
    store.set("other", 3)
    store.prune(keep=1, keep_deleted_days=90)
    assert names(store, "b/") == []


def test_what_was_never_committed_is_removed_after_an_hour(
    open_etcd: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_etcd()
    store.set("large", LARGE)
    put(store, b"o/lost", b"%d" % (time.time() * 1000))
    put(store, b"b/lost/0000000000000000", b"part of a value")
    put(store, b"s/lost/0000000000000000", b"part of a commit")
    kept = len(names(store, "b/"))
    store.set_origin(ended("later"))
    store.set("small", 1)
    store.prune(keep=50, keep_deleted_days=90)
    assert (len(names(store, "b/")), len(names(store, "s/"))) == (kept, 1)
    monkeypatch.setattr(begun, "ABANDONED_MS", -1000)
    store.prune(keep=50, keep_deleted_days=90)
    assert (len(names(store, "b/")), len(names(store, "s/"))) == (kept - 1, 0)
    assert store.get("large") == LARGE


def test_two_that_prune_at_once_count_each_revision_once(open_etcd: OpenStore) -> None:
    store = open_etcd()
    with store.transaction():
        for number in range(1200):
            store.set(f"key:{number % 3}", number)
    counts: list[int] = []

    def prune(handle: EtcdStore) -> None:
        counts.append(handle.prune(keep=10, keep_deleted_days=90))

    threads = [Thread(target=prune, args=(open_etcd(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 1170
    (change,) = store.change_sets()
    assert (change.revisions, change.forgotten) == (30, 1170)
    assert store.complete_since() == 1170


def test_forgetting_that_was_interrupted_goes_on_where_it_ended(open_etcd: OpenStore) -> None:
    store = open_etcd()
    with store.transaction():
        for number in range(400):
            store.set(f"key:{number % 2}", number)

    def interrupt(done: int, of: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        store.compact(keep=5, progress=interrupt)
    left = len(list(store.revisions_since(0)))
    assert 10 < left < 400
    assert store.complete_since() == 400 - left
    assert store.compact(keep=5) == left - 10
    assert [change.new for change in store.revisions("key:1")] == [399, 397, 395, 393, 391]
