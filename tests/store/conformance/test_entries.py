"""Reading and changing entries, as every backend does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import Conflict, InvalidValue, KeyNotFound, NotANumber, NotWritable
from tests.store.conformance.samples import BIGGEST, SMALLEST, identical

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value
    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import Many, OpenStore


def test_get_gives_the_default_for_a_key_that_is_not_there(store: Store) -> None:
    assert store.get("key") is None
    assert store.get("key", 7) == 7


@pytest.mark.parametrize("number", [20, 41, 43, 64, 100, 127, 129, 350])
def test_any_number_of_entries_is_set_and_deleted_at_once(store: Store, other: Store, number: int) -> None:
    """Servers have limits for what one request may do."""
    values = {f"key:{place:03}": place for place in range(number)}
    assert store.set_many(values) == number
    assert dict(other.items()) == values
    assert other.get_many(values) == values
    assert other.revision() == number
    assert other.delete_many([*values, "absent"]) == number
    assert store.count() == 0


def test_get_many_answers_in_the_order_asked(store: Store, many: Many) -> None:
    store.set_many({"a": 1, "b": 2, "c": 3})
    assert list(store.get_many(["c", "missing", "a", "c"]).items()) == [("c", 3), ("a", 1)]
    assert store.get_many(f"many:{number}" for number in range(many(100_000))) == {}


def test_an_entry_knows_its_times_revision_and_size(store: Store) -> None:
    revision = store.set("key", "é")
    first = store.entry("key")
    assert (first.key, first.size, first.revision) == ("key", 2, revision)
    store.set("key", "other")
    second = store.entry("key")
    assert second.created_at == first.created_at
    assert second.updated_at is not None
    assert first.updated_at is not None
    assert second.updated_at >= first.updated_at
    assert second.revision is not None
    assert second.revision > revision


def test_a_missing_entry_is_an_error_that_names_near_keys(store: Store) -> None:
    store.set_many({"deployment:version": "1", "deployment:status": "2", "other": "3"})
    with pytest.raises(KeyNotFound) as missing:
        store.entry("deployment:versoin")
    assert missing.value.hint is not None
    assert "deployment:version" in missing.value.hint


def test_set_many_writes_all_or_nothing_and_counts_what_changed(store: Store) -> None:
    store.set("a", 1)
    assert store.set_many({"a": 1, "b": 2, "c": 3}) == 2
    bad: dict[str, Value] = {"a": 9, "d": float("nan")}
    with pytest.raises(InvalidValue):
        store.set_many(bad)
    assert dict(store.items()) == {"a": 1, "b": 2, "c": 3}
    assert store.set_many({}) == 0


def test_delete_says_what_was_there(store: Store) -> None:
    store.set_many({"a": 1, "b": 2, "c": 3, "d": 4})
    assert store.delete("a") is True
    assert store.delete("a") is False
    assert store.delete_many(["b", "x", "b", "c"]) == 2
    assert list(store.keys()) == ["d"]


def test_the_empty_prefix_deletes_everything(store: Store) -> None:
    store.set_many({"a": 1, "b:1": 2, "b:2": 3})
    assert store.delete_prefix("b:") == 2
    assert list(store.keys()) == ["a"]
    assert store.delete_prefix("") == 1
    assert store.count() == 0
    assert store.delete_prefix("") == 0


@pytest.mark.parametrize(
    ("value", "by", "total"),
    [
        (None, 1, 1),
        (None, -2.5, -2.5),
        (5, 3, 8),
        (5, -8, -3),
        (5, 0, 5),
        (1.5, 1, 2.5),
        (1, 0.5, 1.5),
        ("41", 1, 42),
        ("-1.5", 1, -0.5),
        ("1e3", 1, 1001.0),
        (BIGGEST - 1, 1, BIGGEST),
        (SMALLEST + 1, -1, SMALLEST),
        (SMALLEST, BIGGEST, -1),
        (BIGGEST, SMALLEST, -1),
    ],
)
def test_increment_adds(store: Store, value: Value | None, by: float, total: float) -> None:
    store.set("other", "the handle has written before")
    if value is not None:
        store.set("key", value)
    assert identical(store.increment("key", by), total)
    assert identical(store.get("key"), total)


@pytest.mark.parametrize(
    ("value", "by"),
    [
        ("abc", 1),
        ("", 1),
        (" 1", 1),
        ("1_0", 1),
        ("0x10", 1),
        ("nan", 1),
        ("inf", 1),
        ("٣", 1),
        (str(BIGGEST + 1), 1),
        (True, 1),
        (b"1", 1),
        ([1], 1),
        (BIGGEST, 1),
        (SMALLEST, -1),
        (1e308, 1e308),
    ],
    ids=repr,
)
def test_increment_of_no_number_or_beyond_64_bits_is_refused(store: Store, value: Value, by: float) -> None:
    store.set("other", "the handle has written before")
    store.set("key", value)
    revision = store.revision()
    with pytest.raises(NotANumber):
        store.increment("key", by)
    assert identical(store.get("key"), value)
    assert store.revision() == revision


@pytest.mark.parametrize("by", [True, "1", float("nan"), float("inf"), BIGGEST + 1, None], ids=repr)
def test_increment_by_no_number_is_refused(store: Store, by: float) -> None:
    with pytest.raises(InvalidValue):
        store.increment("key", by)
    assert not store.exists("key")


def test_set_if_absent_writes_only_once(store: Store, other: Store) -> None:
    assert store.set_if_absent("key", "first") is True
    assert other.set_if_absent("key", "second") is False
    assert other.get("key") == "first"


def test_compare_and_set_compares_type_and_value(store: Store) -> None:
    alike: list[Value] = [1, 1.0, "1", True, b"1", [1], {"a": 1}, {"a": 1.0}, {"a": True}]
    for value in alike:
        store.set("key", value)
        for wrong in [other for other in alike if other is not value]:
            assert store.compare_and_set("key", wrong, "changed") is False
        assert store.compare_and_set("key", None, "changed") is False
        assert identical(store.get("key"), value)
        assert store.compare_and_set("key", value, "changed") is True
        assert store.get("key") == "changed"


def test_compare_and_set_ignores_the_order_of_a_tables_keys(store: Store) -> None:
    store.set("key", {"a": 1, "b": [{"c": 1, "d": 2}]})
    assert store.compare_and_set("key", {"b": [{"d": 2, "c": 1}], "a": 1}, "changed")


def test_compare_and_set_with_none_means_absent(store: Store) -> None:
    assert store.compare_and_set("key", "x", "y") is False
    assert store.compare_and_set("key", None, "y") is True
    assert store.compare_and_set("key", None, "z") is False


def test_compare_and_set_by_revision(store: Store, other: Store) -> None:
    assert store.compare_and_set_revision("key", 1, "x") is False
    assert store.compare_and_set_revision("key", 0, "x") is True
    revision = store.entry("key").revision
    assert revision is not None
    assert other.compare_and_set_revision("key", 0, "y") is False
    assert other.compare_and_set_revision("key", revision, "y") is True
    assert store.compare_and_set_revision("key", revision, "z") is False
    assert store.get("key") == "y"


def test_a_read_only_handle_reads_and_refuses_to_write(store: Store, open_store: OpenStore) -> None:
    store.set("key", "value")
    reader = open_store(read_only=True)
    assert reader.read_only
    assert not store.read_only
    assert reader.get("key") == "value"
    writes: list[Callable[[], object]] = [
        lambda: reader.set("key", "x"),
        lambda: reader.increment("n"),
        lambda: reader.delete("key"),
        lambda: reader.delete_prefix(""),
        lambda: reader.set_many({"a": 1}),
    ]
    for write in writes:
        with pytest.raises(NotWritable):
            write()
    assert store.get("key") == "value"
    assert not issubclass(NotWritable, Conflict)


def test_no_error_is_about_a_value_that_another_handle_has_replaced(store: Store, other: Store) -> None:
    store.set_many({"n": "text", "m": "text"})
    other.set("n", 1)
    other.delete("m")
    assert store.increment("n") == 2
    assert store.increment("m") == 1
    other.set("n", "text")
    with pytest.raises(NotANumber):
        store.increment("n")
