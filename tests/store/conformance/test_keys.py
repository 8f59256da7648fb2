"""Keys, prefixes and walks, as every backend has them."""

from __future__ import annotations

from itertools import islice
from math import ceil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sloth_tui.errors import InvalidKey
from tests.support import rounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import Many


def short(key: object) -> str:
    return repr(key)[:12]


@pytest.mark.parametrize("key", ["", "nul\0", "lone \ud800", "é" * 2049, "x" * 4097, 5, None], ids=short)
def test_a_key_that_cannot_exist_is_refused_for_writing_and_absent_for_reading(
    store: Store, key: str
) -> None:
    writes: list[Callable[[], object]] = [
        lambda: store.set(key, "x"),
        lambda: store.increment(key),
        lambda: store.set_many({key: "x"}),
    ]
    for write in writes:
        with pytest.raises(InvalidKey):
            write()
    if isinstance(key, str):
        assert store.get(key, "absent") == "absent"
        assert not store.exists(key)
        assert not store.delete(key)
        assert store.get_many([key]) == {}
        assert list(store.keys(key)) == []


@pytest.mark.parametrize(
    "key", ["é" * 2048, "x" * 4096, "%", "_", "-x", "a\nb", "\x1b]52;c;x\x07", "[/b]", " "], ids=short
)
def test_any_other_key_is_as_good_as_another(store: Store, key: str) -> None:
    store.set(key, "value")
    assert store.get(key) == "value"
    assert list(store.keys()) == [key]
    assert list(store.keys(key)) == [key]
    assert store.entry(key).key == key
    assert store.delete(key)


def test_keys_come_in_the_order_of_their_bytes(store: Store) -> None:
    keys = ["", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff", "B", "a", "a\x01", "aa", "é", "~"]
    store.set_many({"k" + key: 1 for key in keys})
    assert list(store.keys()) == sorted(("k" + key for key in keys), key=str.encode)


def test_a_prefix_is_literal(store: Store) -> None:
    keys = ["file", "file:a", "file%b", "FILE:c", "fil", "fila", "file_x", "filex"]
    store.set_many(dict.fromkeys(keys, 1))
    for prefix in ["", "file", "file%", "file_", "FILE", "fil", "filez", "%", "_"]:
        wanted = sorted(key for key in keys if key.startswith(prefix))
        assert list(store.keys(prefix)) == wanted
        assert [key for key, _ in store.items(prefix)] == wanted
        assert [entry.key for entry in store.entries(prefix)] == wanted
        assert store.count(prefix) == len(wanted)


EDGES = st.text(st.sampled_from("a\ud7ff\ue000\uffff\U00010000\U0010fffe\U0010ffff"), max_size=4)


@pytest.mark.slow
@settings(
    max_examples=rounds(20, 600),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sets(EDGES.filter(bool), max_size=12), EDGES)
def test_a_prefix_may_end_in_the_last_code_point(store: Store, keys: set[str], prefix: str) -> None:
    store.delete_prefix("")
    store.set_many(dict.fromkeys(keys, 1))
    wanted = {key for key in keys if key.startswith(prefix)}
    assert set(store.keys(prefix)) == wanted
    assert store.delete_prefix(prefix) == len(wanted)
    assert set(store.keys()) == keys - wanted


@pytest.mark.slow
def test_a_walk_sees_the_moment_it_began(store: Store, other: Store, many: Many) -> None:
    total = many(40_000)
    quarter = total // 4
    store.set_many({f"key:{number * 4 // total}:{number:06}": number for number in range(total)})
    walks = [store.keys(), store.items(), store.entries()]
    firsts = [next(walk) for walk in walks]
    store.delete_prefix("key:3")
    other.delete_prefix("key:2")
    store.set("key:0:000000x", "new")
    assert [1 + sum(1 for _ in walk) for walk in walks] == [total] * 3
    assert firsts[0] == "key:0:000000"
    assert store.count() == 2 * quarter + 1


@pytest.mark.slow
def test_keys_can_be_deleted_while_they_are_walked(store: Store, many: Many) -> None:
    total = many(20_000)
    store.set_many({f"key:{number:06}": number for number in range(total)})
    with store.transaction():
        for key in store.keys("key:"):
            store.delete(key)
    assert store.count() == 0
    store.set_many({f"key:{number:06}": number for number in range(total)})
    for place, key in enumerate(store.keys("key:")):
        if place < 50 or place > total - 50:
            store.delete(key)
    assert store.count() == total - 50 - 49


@pytest.mark.slow
@pytest.mark.parametrize("share", [0, 0.00001, 0.85], ids=["none", "one", "most"])
def test_a_walk_that_is_given_up_holds_nothing(store: Store, other: Store, many: Many, share: float) -> None:
    total = many(20_000)
    steps = ceil(share * total)
    store.set_many({f"key:{number:06}": number for number in range(total)})
    walk = store.keys()
    assert sum(1 for _ in islice(walk, steps)) == steps
    del walk
    other.set("key:000000", "new")
    assert store.get("key:000000") == "new"
    store.set("key:000001", "new")
    assert other.get("key:000001") == "new"


@pytest.mark.slow
def test_a_walk_does_not_hide_how_locks_are_now(store: Store, other: Store, many: Many) -> None:
    total = many(20_000)
    store.set_many({f"key:{number:06}": number for number in range(total)})
    first = other.acquire("deploy", "task-1", 300)
    walk = store.keys()
    next(walk)
    other.release("deploy", "task-1")
    assert store.lock("deploy") is None
    assert store.acquire("deploy", "task-2", 300).token > first.token
    assert sum(1 for _ in walk) == total - 1
