"""Values of every type, as every backend keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import InvalidValue
from tests.store.conformance.samples import BIGGEST, SMALLEST, VALUES, identical
from tests.support import rounds

if TYPE_CHECKING:
    from sloth_tui.model import Value
    from sloth_tui.store.port import Store
    from tests.store.conformance.backends import Backend


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_was_set_comes_back_with_its_type(store: Store, other: Store, value: Value) -> None:
    store.set("key", value)
    assert identical(store.get("key"), value)
    assert identical(other.get("key"), value)
    assert identical(other.get_many(["key"]), {"key": value})
    assert identical(list(other.items()), [("key", value)])
    assert identical(other.entry("key").value, value)


@pytest.mark.parametrize(("old", "new"), [(0.0, -0.0), (1, 1.0), ("1", 1), ([0.0], [-0.0]), (True, 1)])
def test_values_that_python_takes_for_equal_replace_each_other(store: Store, old: Value, new: Value) -> None:
    for before, after in ((old, new), (new, old)):
        store.set("key", before)
        assert identical(store.get("key"), before)
        assert not store.compare_and_set("key", after, "other")
        store.set_many({"key": after})
        assert identical(store.get("key"), after)


@pytest.mark.parametrize(
    ("value", "name"),
    [("5", "string"), (5, "integer"), (5.0, "float"), (True, "boolean"), ([5], "table"), (b"5", "bytes")],
)
def test_an_entry_names_the_type_of_its_value(store: Store, value: Value, name: str) -> None:
    store.set("key", value)
    assert store.entry("key").type == name
    assert [entry.type for entry in store.entries()] == [name]


@pytest.mark.parametrize(
    "value",
    [
        None,
        float("nan"),
        float("inf"),
        BIGGEST + 1,
        SMALLEST - 1,
        "lone \ud800 surrogate",
        1j,
        {1: "key that is not text"},
        {"nan": [float("nan")]},
        {"bytes": b"x"},
        ["lone \udfff surrogate"],
        [BIGGEST + 1],
        (1, 2),
        {1, 2},
    ],
    ids=repr,
)
def test_a_value_no_store_can_hold_is_refused_in_one_line(store: Store, value: Value) -> None:
    with pytest.raises(InvalidValue) as refusal:
        store.set("key", value)
    assert "\n" not in refusal.value.message
    assert not store.exists("key")


def test_tables_nest_deeply_but_not_without_end(store: Store) -> None:
    table: list[object] = []
    for _ in range(199):
        table = [table]
    store.set("deep", table)
    assert store.get("deep") == table
    for _ in range(100_000):
        table = [table]
    with pytest.raises(InvalidValue, match="nested"):
        store.set("deeper", table)
    while table:  # takes it apart: dropping so deep a list at once may overflow the stack
        table = table[0]  # type: ignore[assignment]


@pytest.mark.slow
def test_the_largest_value_is_64_mebibytes(store: Store, backend: Backend) -> None:
    largest = "é" * (32 * 1024 * 1024)
    if not backend.remote or rounds(0, 1):  # over a network, that takes a while
        store.set("key", largest)
        assert store.entry("key").size == 64 * 1024 * 1024
    for larger in (largest + "x", b"x" * (64 * 1024 * 1024 + 1)):
        with pytest.raises(InvalidValue, match=r"67,108,865 bytes"):
            store.set("key", larger)


def test_setting_what_is_there_changes_nothing(store: Store) -> None:
    for value in VALUES:
        revision = store.set("key", value)
        before = store.entry("key")
        assert store.set("key", value) == revision
        assert store.entry("key") == before
    store.set("table", {"a": 1, "b": 2})
    revision = store.revision()
    store.set("table", {"b": 2, "a": 1})
    assert store.set_many({"table": {"a": 1, "b": 2}, "key": VALUES[-1]}) == 0
    assert store.revision() == revision


def test_values_that_only_look_alike_are_different(store: Store) -> None:
    alike: list[Value] = [1, "1", 1.0, True, b"1", [1], [1.0], [True]]
    revisions = [store.set("key", value) for value in alike]
    assert revisions == sorted(set(revisions))
