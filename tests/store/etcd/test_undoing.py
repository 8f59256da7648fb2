"""Undo, rollback and the past while others write and the server forgets."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict
from sloth_tui.model import Origin
from sloth_tui.store.etcd.commits import commit
from tests.servers.etcd import needs_etcd
from tests.store.etcd.raw import compact
from tests.support import A_MINUTE, rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.etcd.client.calls import Channel
    from sloth_tui.store.etcd.client.messages import Range, RangeAnswer
    from sloth_tui.store.etcd.store import EtcdStore
    from tests.store.etcd.conftest import OpenStore


pytestmark = needs_etcd


def begin(store: EtcdStore, title: str) -> None:
    store.set_origin(Origin("user", "host", 1, "test", title))


@pytest.fixture
def before_the_commit(monkeypatch: pytest.MonkeyPatch) -> Callable[[EtcdStore, Callable[[], object]], None]:
    """Do something just before a handle's next commit is sent."""

    def arrange(store: EtcdStore, act: Callable[[], object]) -> None:
        attempt, waiting = commit.attempt, [act]

        def attempted(session: object, *rest: object, **named: object) -> bool:
            if session is store._session and waiting:
                waiting.pop()()
            return attempt(session, *rest, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(commit, "attempt", attempted)

    return arrange


def test_an_undo_sees_what_was_written_while_it_was_prepared(
    open_etcd: OpenStore, before_the_commit: Callable[[EtcdStore, Callable[[], object]], None]
) -> None:
    store, other = open_etcd(), open_etcd()
    begin(store, "fill")
    store.set_many({"a": 1, "b": 1})
    filled = store.newest_change_set()
    begin(store, "undo")
    before_the_commit(store, lambda: other.set("b", 2))
    with pytest.raises(Conflict, match="changed since: b"):
        store.undo(filled)
    assert dict(store.items()) == {"a": 1, "b": 2}
    before_the_commit(store, lambda: other.set("c", 3))
    assert store.undo(filled, force=True) == 2
    assert dict(store.items()) == {"c": 3}


def test_an_undo_takes_back_what_its_change_set_still_wrote_meanwhile(
    open_etcd: OpenStore, before_the_commit: Callable[[EtcdStore, Callable[[], object]], None]
) -> None:
    store, other = open_etcd(), open_etcd()
    begin(other, "fill")
    other.set("a", 1)
    before_the_commit(store, lambda: other.set_many({"a": 2, "b": 2}))
    assert store.undo(store.newest_change_set()) == 2
    assert store.count() == 0


def test_a_rollback_takes_back_what_was_written_while_it_was_prepared(
    open_etcd: OpenStore, before_the_commit: Callable[[EtcdStore, Callable[[], object]], None]
) -> None:
    store, other = open_etcd(), open_etcd()
    store.set_many({"a": 1, "b": 1})
    store.set("a", 2)
    before_the_commit(store, lambda: other.set_many({"a": 3, "b": 3, "c": 3}))
    assert store.rollback(2) == 3
    assert dict(store.items()) == {"a": 1, "b": 1}


def test_a_rollback_that_changes_nothing_ends_although_others_marked_secrets(open_etcd: OpenStore) -> None:
    store, other = open_etcd(), open_etcd()
    store.set("a", 1)
    other.mark_secret("a")
    counts: list[int] = []
    rollback = Thread(target=lambda: counts.append(store.rollback(1)), daemon=True)
    rollback.start()
    rollback.join(A_MINUTE)
    assert counts == [0]


def test_a_busy_store_can_be_undone(open_etcd: OpenStore) -> None:
    store = open_etcd()
    begin(store, "fill")
    store.set_many({f"key:{number}": number for number in range(100)})
    filled, over, counts = store.newest_change_set(), Event(), [0, 0]

    def write(place: int) -> None:
        handle = open_etcd()
        while not over.is_set():
            counts[place] = int(handle.increment(f"n:{place}"))

    writers = [Thread(target=write, args=(place,)) for place in range(2)]
    for writer in writers:
        writer.start()
    try:
        begin(store, "undo")
        assert store.undo(filled) == 100
    finally:
        over.set()
        for writer in writers:
            writer.join()
    assert dict(store.items()) == {f"n:{place}": counts[place] for place in range(2) if counts[place]}


def test_thousands_of_keys_are_undone_and_rolled_back(open_etcd: OpenStore) -> None:
    store = open_etcd()
    count = rounds(2000, 3000)
    values = {f"key:{number:05}": number for number in range(count)}
    begin(store, "fill")
    store.set_many(values)
    begin(store, "clear")
    store.delete_prefix("key:")
    begin(store, "undo")
    assert store.undo(store.change_set("2")) == count
    assert dict(store.items()) == values
    begin(store, "rollback")
    assert store.rollback(10) == count - 10
    assert store.count() == 10
    assert len(list(store.differences(10, count))) == count - 10


def test_a_past_is_read_whole_although_the_server_forgets_it_meanwhile(
    open_etcd: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = open_etcd(), open_etcd()
    store.set_many({f"key:{number:04}": number for number in range(1500)})
    store.set("key:0000", "later")
    mine, asked = store._session.channel, 0
    read = type(mine).range

    def forgetful(channel: Channel, request: Range, seconds: float) -> RangeAnswer:
        nonlocal asked
        if channel is mine:
            asked += 1
            if asked in (2, 7):  # while changes are read, and between two pages of entries
                other.set(f"key:0{asked}00", "changed")
                compact(other)
        return read(channel, request, seconds)

    monkeypatch.setattr(type(mine), "range", forgetful)
    found = {entry.key: entry.value for entry in store.entries_at(1500)}
    assert asked > 7
    assert other.get("key:0700") == "changed"
    assert found == {f"key:{number:04}": number for number in range(1500)}
