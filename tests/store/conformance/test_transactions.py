"""All or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import InvalidValue, NotANumber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import Many


class Stopped(Exception):
    pass


def give_up(store: Store, *writes: Callable[[], object]) -> None:
    """Write in a block, and leave it by an exception."""
    with store.transaction():
        for write in writes:
            write()
        raise Stopped


def test_what_a_block_wrote_is_there_when_it_ends(store: Store, other: Store) -> None:
    with store.transaction():
        store.set("a", 1)
        store.increment("n", 5)
        store.delete("a")
        store.set("b", 2)
        assert store.get("b") == 2
        assert other.get("b") is None
    assert dict(other.items()) == {"b": 2, "n": 5}


def test_a_block_that_raises_leaves_nothing(store: Store, other: Store) -> None:
    store.set_many({"kept": 1, "n": 1})
    before = store.revision()
    with pytest.raises(Stopped):
        give_up(
            store,
            lambda: store.set("a", 1),
            lambda: store.increment("n"),
            lambda: store.delete("kept"),
            lambda: store.delete_prefix(""),
        )
    assert dict(store.items()) == dict(other.items()) == {"kept": 1, "n": 1}
    assert store.revision() == before


def test_blocks_nest(store: Store) -> None:
    with store.transaction():
        store.set("outer", 1)
        with store.transaction():
            store.set("inner", 1)
        with pytest.raises(Stopped):
            give_up(store, lambda: store.set("outer", 2), lambda: store.set("lost", 1))
        assert store.get("outer") == 1
        store.set("after", 1)
    assert dict(store.items()) == {"after": 1, "inner": 1, "outer": 1}


def test_an_outer_block_that_raises_takes_the_inner_with_it(store: Store) -> None:
    def nested() -> None:
        with store.transaction():
            store.set("inner", 1)

    with pytest.raises(Stopped):
        give_up(store, nested)
    assert list(store.keys()) == []


def test_a_refused_write_leaves_the_block_as_it_was(store: Store) -> None:
    store.set("text", "no number")
    with store.transaction():
        store.set("a", 1)
        with pytest.raises(NotANumber):
            store.increment("text")
        with pytest.raises(InvalidValue):
            store.set("b", float("nan"))
        store.set("c", 1)
    assert list(store.keys()) == ["a", "c", "text"]


def test_the_first_write_of_a_handle_may_be_rolled_back(store: Store, other: Store) -> None:
    for _ in range(2):
        with pytest.raises(Stopped):
            give_up(store, lambda: store.set("a", 1))
    with store.transaction():
        with pytest.raises(Stopped):
            give_up(store, lambda: store.set("a", 2))
        store.set("b", 3)
    store.set("c", 4)
    changes = {revision.change_set_id for revision in other.revisions_since(0)}
    assert [revision.key for revision in other.revisions_since(0)] == ["b", "c"]
    assert len(changes) == 1
    assert all(revision.origin is not None for revision in other.revisions_since(0))


@pytest.mark.slow
@pytest.mark.parametrize("fails", [False, True])
def test_a_walk_begun_in_a_block_outlives_it(store: Store, many: Many, fails: bool) -> None:
    total = many(20_000)
    store.set_many({f"key:{number:06}": number for number in range(total)})
    walks: list[Iterator[str]] = []

    def begin_and_write() -> None:
        store.delete("key:000000")
        walks.append(store.keys())
        assert next(walks[0]) == "key:000001"
        store.set("key:000001x", "later")
        store.delete_prefix(f"key:{total // 10 - 1:05}")

    if fails:
        with pytest.raises(Stopped):
            give_up(store, begin_and_write)
    else:
        with store.transaction():
            begin_and_write()
    rest = list(walks[0])
    assert len(rest) == total - 2
    assert rest[0] == "key:000002"


def test_a_block_without_writes_changes_nothing(store: Store, other: Store) -> None:
    store.set("a", 1)
    token = other.change_token()
    with store.transaction():
        assert store.get("a") == 1
        store.set("a", 1)
    assert other.change_token() == token
