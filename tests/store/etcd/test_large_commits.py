"""Commits in several requests: whatever happens to the one who makes them, they have happened as a whole or
not at all."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.etcd.client.messages import Range, after
from sloth_tui.store.etcd.commits.commit import run
from sloth_tui.store.etcd.commits.wanted import Keys
from sloth_tui.store.etcd.data.batch import Write
from sloth_tui.store.etcd.data.head import head_of
from sloth_tui.store.etcd.snapshots import begun
from tests.store.etcd.faults import Channel, Died, DiesAt, left_over, lost, opened, session_of, violations
from tests.support import rounds

if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.store.etcd.store import EtcdStore
    from tests.servers.etcd import Etcd

_CHECKOUT = Path(__file__).parents[3]
_MANY = 700
"""Entries of a commit of three steps."""
_LARGE = "x" * 600_000
"""A value of three pieces."""


def _values(number: int = _MANY) -> dict[str, Any]:
    return {f"k{place:05}": place for place in range(number)}


def _check(address: str, *, began: bool) -> int:
    """Return how many entries a store has, of which a writer died; it must be all or none of them. ``began``:
    let the next writer write before anybody reads."""
    with opened(address) as store:
        if began:
            store.increment("n")
        entries = store.count("k")
        assert entries in (0, _MANY)
        assert dict(store.items("k")) == (_values() if entries else {})
        if not began:
            store.increment("n")
        assert violations(store, {"n": 1}) == []
        assert store.revision() == entries + 1
        abandoned = left_over(store)
        if entries:
            assert abandoned == []
        return entries


@pytest.mark.parametrize("answered", [False, True], ids=["before", "after"])
def test_the_writer_dies_at_any_call(shared_etcd: Etcd, answered: bool) -> None:
    """Before the call reaches the server, or before its answer reaches him."""
    outcomes = []
    for number in count(1, rounds(4, 1)):
        address = shared_etcd.address(f"faults-{uuid4().hex}")
        store = opened(address)
        dying = DiesAt(store, number, answered=answered)
        with contextlib.suppress(Died):
            store.set_many(_values())
        outcomes.append(_check(address, began=bool(number % 2)))
        if dying.calls < number:
            break
    assert outcomes == sorted(outcomes)
    assert {0, _MANY} == set(outcomes)


_DIES = """
import os, sys
from tests.store.etcd import faults
store = faults.opened(sys.argv[1])
session = faults.session_of(store)
left = int(sys.argv[2])
def count(method, request):
    global left
    left -= 1
    if left == 0:
        os._exit(9)
session.channel = faults.Channel(session.channel, before=count)
store.set_many({f"k{place:05}": place for place in range(%d)})
os._exit(0)
"""


@pytest.mark.slow
def test_the_process_of_the_writer_ends_at_any_call(shared_etcd: Etcd) -> None:
    outcomes = []
    for number in count(1, rounds(9, 1)):
        address = shared_etcd.address(f"faults-{uuid4().hex}")
        done = subprocess.run(
            [sys.executable, "-c", _DIES % _MANY, address, str(number)], cwd=_CHECKOUT, check=False
        )
        assert done.returncode in (0, 9)
        outcomes.append(_check(address, began=bool(number % 2)))
        if done.returncode == 0:
            break
    assert outcomes == sorted(outcomes)
    assert {0, _MANY} == set(outcomes)


def _pending(address: str, number: int = _MANY, before: str = "") -> None:
    """Leave a large commit that has happened, and of which nothing is in place; ``before`` is what its keys
    begin with."""

    def die(method: str, request: Any) -> None:
        if method == "txn" and any(compare.key == layout.head for compare in request.compares):
            raise Died

    with opened(address) as store:
        session = session_of(store)
        layout, real = session.layout, session.channel
        session.channel = Channel(real, after=die)
        with contextlib.suppress(Died):
            store.set_many({before + key: value for key, value in _values(number).items()})
        session.channel = real
        head = head_of(session.range(Range(layout.head)), session.location)
        assert head.pending is not None
        assert head.pending.done == 0
        assert session.range(Range(layout.entries, after(layout.entries))).kvs == []


@pytest.mark.parametrize(
    "how", ["get", "gateway", "list", "follow", "set", "transaction", "undo", "problems"]
)
def test_whoever_comes_next_completes_it(how: str, address: str) -> None:
    _pending(address)
    with opened(address, brief=how == "gateway") as store:
        if how in ("get", "gateway"):
            assert store.get("k00699") == 699
        elif how == "list":
            assert list(store.keys("k")) == list(_values())
        elif how == "follow":
            first = store.follow(0)
            rest = store.follow(first[-1].revision)
            assert [revision.revision for revision in (*first, *rest)] == list(range(1, _MANY + 1))
        elif how == "problems":
            assert store.problems() == []
            assert store.count() == _MANY
        elif how == "set":
            store.set("k00699", "later")
            assert store.revision() == _MANY + 1
        elif how == "transaction":
            with store.transaction():
                assert store.increment("k00699") == 700
        else:
            (made,) = store.change_sets()
            assert store.undo(made) == _MANY
            assert store.count() == 0
        assert left_over(store) == []


def test_a_handle_that_has_read_before_completes_it(address: str) -> None:
    with opened(address) as early, opened(address) as writer:
        writer.set("n", 1)
        assert [early.get("n"), early.get("n")] == [1, 1]
        writer.delete("n")
        assert early.get("n") is None
        _pending(address)
        assert early.get("k00699") == 699
        assert left_over(early) == []
        writer.set("k00699", "later")
        assert [early.get("k00699"), early.get("k00000")] == ["later", 0]


def test_whoever_asks_for_an_overview_completes_it(address: str) -> None:
    _pending(address, before="app:")
    with opened(address, "read") as store:
        assert [(group.prefix, group.keys) for group in store.groups()] == [("app:", _MANY)]
        assert left_over(store) == []


@pytest.mark.parametrize("number", [2, 4])
def test_several_complete_it_at_once(number: int, address: str) -> None:
    """Each does what is left, in whatever order they meet."""
    _pending(address, rounds(_MANY, 3000))
    stores = [opened(address) for _ in range(number)]
    barrier = threading.Barrier(number)

    def complete(store: EtcdStore) -> None:
        barrier.wait()
        store.increment("n")

    threads = [threading.Thread(target=complete, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = rounds(_MANY, 3000)
    assert dict(stores[0].items("k")) == _values(entries)
    assert violations(stores[0], {"n": number}) == []
    assert left_over(stores[0]) == []
    for store in stores:
        store.close()


# What is abandoned.


def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was noted until now is old."""
    monkeypatch.setattr(begun, "ABANDONED_MS", -60_000)


def _names(store: EtcdStore, first: bytes) -> list[bytes]:
    return [kv.key for kv in session_of(store).range(Range(first, after(first), keys_only=True)).kvs]


def _abandon(address: str, *, large_value: bool) -> None:
    """Let a writer die before the commit for which he wrote a large value, or many stages."""

    def die(method: str, request: Any) -> None:
        if method == "txn" and any(compare.key == layout.head for compare in request.compares):
            raise Died

    store = opened(address)
    session = session_of(store)
    layout = session.layout

    def also_later(method: str, request: Any) -> None:
        if died:
            raise Died
        try:
            die(method, request)
        except Died:
            died.append(True)
            raise

    died: list[bool] = []
    session.channel = Channel(session.channel, before=also_later)
    with contextlib.suppress(Died):
        if large_value:
            store.set("large", _LARGE)
        else:
            store.set_many(_values())


@pytest.mark.parametrize("by", ["prune", "compact", "sweep"])
@pytest.mark.parametrize("large_value", [True, False], ids=["blob", "stages"])
def test_what_was_abandoned_is_removed(
    by: str, address: str, monkeypatch: pytest.MonkeyPatch, *, large_value: bool
) -> None:
    with opened(address) as store:
        layout = session_of(store).layout
        _abandon(address, large_value=large_value)
        place = layout.blobs if large_value else layout.stages
        assert _names(store, place) != []
        store.set("kept", _LARGE)
        kept = set(_names(store, layout.blobs))
        _remove(store, by)
        assert set(_names(store, place)) >= kept if large_value else _names(store, place) != []
        _later(monkeypatch)
        _remove(store, by)
        assert _names(store, layout.stages) == []
        left = _names(store, layout.blobs)
        assert len(left) == 3
        assert left_over(store) == []
        assert store.get("kept") == _LARGE
        assert store.count() == 1


def _remove(store: EtcdStore, by: str) -> None:
    if by == "prune":
        store.prune(keep=50, keep_deleted_days=90)
    elif by == "compact":
        store.compact(keep=50)
    else:
        from sloth_tui.store.etcd.upkeep.retention import sweep

        session = session_of(store)
        session.channel.txn(_without_sweep(store), 60)
        sweep(session)


def _without_sweep(store: EtcdStore) -> Any:
    from sloth_tui.store.etcd.client.messages import Delete, Txn

    return Txn((), (Delete(session_of(store).layout.swept),))


@pytest.mark.parametrize("large_value", [True, False], ids=["blob", "stages"])
def test_a_slow_writer_loses_what_he_began_and_begins_again(
    address: str, monkeypatch: pytest.MonkeyPatch, *, large_value: bool
) -> None:
    """Nothing that is committed refers to what was removed."""
    with opened(address) as store, opened(address) as other:
        other.set("n", 0)
        _later(monkeypatch)
        session = session_of(store)
        layout, slow = session.layout, [True]

        def prune_first(method: str, request: Any) -> None:
            if slow and method == "txn" and any(compare.key == layout.head for compare in request.compares):
                slow.clear()
                other.prune(keep=50, keep_deleted_days=90)

        session.channel = Channel(session.channel, before=prune_first)
        if large_value:
            store.set("large", _LARGE)
        else:
            store.set_many(_values())
        assert not slow
        if large_value:
            assert other.get("large") == _LARGE
        else:
            assert dict(other.items("k")) == _values()
        assert left_over(other) == []
        assert other.problems() == []


def test_a_large_value_whose_commit_is_not_answered_stays(address: str) -> None:
    """The writer does not know what became of his commit; it was made."""
    with opened(address) as store, opened(address) as other:
        session = session_of(store)
        layout = session.layout
        cut: list[bool] = []

        def never_answer(method: str, request: Any) -> None:
            if cut or (method == "txn" and any(compare.key == layout.head for compare in request.compares)):
                cut.append(True)
                raise lost()

        store.exists("large")
        session.patience = 0.5
        session.channel = Channel(session.channel, after=never_answer)
        with pytest.raises(DatabaseUnusable) as told:
            store.set("large", _LARGE)
        assert (
            str(told.value) == f"{session.location}: it is not known whether the change was made: no answer"
        )
        assert told.value.hint == "sloth-runner state log shows it if it was"
        assert other.get("large") == _LARGE


def test_a_large_value_of_a_lost_try_is_removed(address: str) -> None:
    """Somebody else wrote first, and the next try writes another value."""
    with opened(address) as store, opened(address) as other:
        session = session_of(store)
        layout, first = session.layout, [True]

        def write_first(method: str, request: Any) -> None:
            if first and method == "txn" and any(compare.key == layout.head for compare in request.compares):
                first.clear()
                other.set("n", 1)

        store.set("large", _LARGE)
        session.channel = Channel(session.channel, before=write_first)
        run(session, Keys((b"n",)), lambda found, revision: ([_write(found)], None))
        assert not first
        assert other.get("n") == "1" * 600_000
        assert len(_names(other, layout.blobs)) == 6
        assert left_over(other) == []


def _write(found: Any) -> Write:
    return Write(b"n", "string", (b"0" if found[b"n"] is None else b"1") * 600_000)
