"""A whole store as a stream of parts: the store that is loaded from it is as the one it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from sloth_tui.errors import Conflict, LockLost, NotWritable, SlothError
from sloth_tui.model import Origin
from sloth_tui.store.clock import SYSTEM_CLOCK
from tests.store.moving import RUN, picture, without_times_of_the_past, write_a_past
from tests.support import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sloth_tui.store.parts import Part
    from sloth_tui.store.port import Store
    from tests.store.conformance.backends import Backend


class Pair(NamedTuple):
    source: Store
    target: Store


@pytest.fixture
def pair(backend: Backend, tmp_path: Path) -> Iterator[Callable[[], Pair]]:
    opened: list[Store] = []

    def made() -> Pair:
        pair = Pair(*(backend.open(backend.fresh(), SYSTEM_CLOCK, False) for _ in range(2)))
        opened.extend(pair)
        return pair

    yield made
    for store in opened:
        store.close()


def test_a_loaded_store_tells_the_same(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    write_a_past(source)
    before = picture(source)
    assert len(before.log) >= 3
    assert any(one.secret for one in before.revisions)

    target.load(source.dump())

    assert picture(target) == before
    assert picture(source) == before
    assert target.problems() == []


def test_what_is_forgotten_stays_forgotten(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    write_a_past(source)
    source.compact(keep=2)
    before = picture(source)
    assert before.since[""] > 0

    target.load(source.dump())

    assert without_times_of_the_past(picture(target)) == without_times_of_the_past(before)


def test_both_go_on_alike(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    write_a_past(source)
    target.load(source.dump())
    for store in (source, target):
        store.set_origin(Origin("eve", "there", 1, "sloth-runner", "later"))
        store.set("app:token", "hidden 3")
        store.set("app:version", "2.0")
        store.set("gone", "back")
        store.undo(store.newest_change_set(), force=True)
        store.undo(store.change_set("1"), force=True)
        store.rollback(9, prefix="app:", force=True)
        store.delete_prefix("tmp:")

    def told(store: Store) -> list[object]:
        return [one._replace(at=0.0) for one in store.revisions_since(0)]

    assert told(target) == told(source)
    assert [one.id for one in target.change_sets()] == [one.id for one in source.change_sets()]
    assert dict(target.items()) == dict(source.items())


def test_undo_of_what_was_done_before_the_move(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    source.set_origin(Origin("bob", "here", 12, "sloth-runner", "first"))
    source.set_many({"a": 1, "b": 2})
    source.set_origin(RUN)
    source.set_many({"a": 10, "b": 20, "c": 30})
    target.load(source.dump())

    assert list(target.undo_steps(target.newest_change_set())) == list(
        source.undo_steps(source.newest_change_set())
    )
    assert target.undo(target.change_set(RUN.run or "")) == 3
    assert dict(target.items()) == {"a": 1, "b": 2}


def test_only_an_empty_store_is_loaded(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    source.set("a", 1)
    target.set("b", 2)
    target.delete("b")
    before = picture(target)
    with pytest.raises(Conflict):
        target.load(source.dump())
    assert picture(target) == before


def test_an_empty_store_is_loaded_from_an_empty_one(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    target.load(source.dump())
    assert picture(target) == picture(source)
    target.load(source.dump())
    assert target.set("a", 1) == 1


def test_a_stream_that_breaks_leaves_nothing(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    write_a_past(source)

    def broken() -> Iterator[Part]:
        for number, part in enumerate(source.dump()):
            if number == 25:
                raise SlothError("cut off")
            yield part

    with pytest.raises(SlothError, match="cut off"):
        target.load(broken())
    assert list(target.keys()) == []
    assert target.revision() == 0
    target.load(source.dump())
    assert picture(target) == picture(source)


@pytest.mark.parametrize("share", sweep([0.0, 0.3, 0.7, 1.0], [0.0, 0.7]))
def test_progress_that_raises_leaves_nothing(pair: Callable[[], Pair], share: float) -> None:
    source, target = pair()
    source.set_many({f"k{number}": "v" * 100 for number in range(1200)})
    seen: list[float] = []

    def progress(done: int, total: int) -> None:
        seen.append(done / total)
        if seen[-1] >= share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        target.load(source.dump(), progress)
    assert seen[-1] >= share
    assert list(target.keys()) == []
    assert list(target.change_sets()) == []
    seen.clear()
    target.load(source.dump(), lambda done, total: seen.append(done / total))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert target.count() == 1200


def test_dump_is_of_one_moment(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    source.set_many({f"k{number:03}": number for number in range(700)})
    parts = source.dump()
    first = next(parts)
    source.delete_prefix("k0")
    source.set("late", True)

    def all_of_it() -> Iterator[Part]:
        yield first
        yield from parts

    target.load(all_of_it())
    assert target.count() == 700
    assert target.revision() == 700


def test_a_store_that_was_opened_to_read_is_not_loaded(backend: Backend, pair: Callable[[], Pair]) -> None:
    source, _ = pair()
    with backend.open(backend.fresh(), SYSTEM_CLOCK, True) as target, pytest.raises(NotWritable):
        target.load(source.dump())


def test_a_lost_lock_keeps_the_store_empty(pair: Callable[[], Pair]) -> None:
    source, target = pair()
    source.set("a", 1)
    lock = target.acquire("deploy", "me", 60)
    target.fence("deploy", lock.token + 1)
    with pytest.raises(LockLost):
        target.load(source.dump())
    target.unfence("deploy")
    assert list(target.keys()) == []
