"""Keys and values, as every backend keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sloth_tui.errors import Conflict, InvalidKey, InvalidValue, KeyNotFound, NotANumber, NotWritable

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import Value
    from sloth_tui.store.port import Store
    from tests.store.conformance.conftest import OpenStore

BIGGEST, SMALLEST = 2**63 - 1, -(2**63)

VALUES: list[Value] = [
    "",
    "text",
    "5",
    "true",
    "line\nfeed\ttab \x1b[31m \0 nul",
    "日本 🦥 \u202e",
    0,
    -1,
    BIGGEST,
    SMALLEST,
    0.0,
    -0.5,
    1e300,
    5e-324,
    True,
    False,
    b"",
    b"\xff\x00\xfe",
    b"text",
    {},
    [],
    {"b": 1, "a": [1, 1.0, True, None, "é\0", {"": {}}]},
    [[], {}, BIGGEST],
]


def identical(one: object, other: object) -> bool:
    """Equal in type as well, all the way down."""
    return repr(one) == repr(other)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_what_was_set_comes_back_with_its_type(store: Store, other: Store, value: Value) -> None:
    store.set("key", value)
    assert identical(store.get("key"), value)
    assert identical(other.get("key"), value)
    assert identical(other.get_many(["key"]), {"key": value})
    assert identical(list(other.items()), [("key", value)])
    assert identical(other.entry("key").value, value)


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
        {1: "key that is no text"},
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


def test_the_largest_value_is_64_mebibytes(store: Store) -> None:
    largest = "é" * (32 * 1024 * 1024)
    store.set("key", largest)
    assert store.entry("key").size == 64 * 1024 * 1024
    for larger in (largest + "x", b"x" * (64 * 1024 * 1024 + 1)):
        with pytest.raises(InvalidValue, match=r"67,108,865 bytes"):
            store.set("key", larger)


@pytest.mark.parametrize("key", ["", "nul\0", "lone \ud800", "é" * 2049, "x" * 4097, 5, None], ids=repr)
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
    "key", ["é" * 2048, "x" * 4096, "%", "_", "-x", "a\nb", "\x1b]52;c;x\x07", "[/b]", " "]
)
def test_any_other_key_is_as_good_as_another(store: Store, key: str) -> None:
    store.set(key, "value")
    assert store.get(key) == "value"
    assert list(store.keys()) == [key]
    assert list(store.keys(key)) == [key]
    assert store.entry(key).key == key
    assert store.delete(key)


def test_get_gives_the_default_for_a_key_that_is_not_there(store: Store) -> None:
    assert store.get("key") is None
    assert store.get("key", 7) == 7


def test_get_many_answers_in_the_order_asked(store: Store) -> None:
    store.set_many({"a": 1, "b": 2, "c": 3})
    assert list(store.get_many(["c", "missing", "a", "c"]).items()) == [("c", 3), ("a", 1)]
    assert store.get_many(f"many:{number}" for number in range(100_000)) == {}


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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(EDGES.filter(bool), max_size=12), EDGES)
def test_a_prefix_may_end_in_the_last_code_point(store: Store, keys: set[str], prefix: str) -> None:
    store.delete_prefix("")
    store.set_many(dict.fromkeys(keys, 1))
    wanted = {key for key in keys if key.startswith(prefix)}
    assert set(store.keys(prefix)) == wanted
    assert store.delete_prefix(prefix) == len(wanted)
    assert set(store.keys()) == keys - wanted


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


def test_a_walk_sees_the_moment_it_began(store: Store, other: Store) -> None:
    store.set_many({f"key:{number:06}": number for number in range(40_000)})
    walks = [store.keys(), store.items(), store.entries()]
    firsts = [next(walk) for walk in walks]
    store.delete_prefix("key:03")
    other.delete_prefix("key:02")
    store.set("key:000000x", "new")
    assert [1 + sum(1 for _ in walk) for walk in walks] == [40_000] * 3
    assert firsts[0] == "key:000000"
    assert store.count() == 20_001


def test_keys_can_be_deleted_while_they_are_walked(store: Store) -> None:
    store.set_many({f"key:{number:06}": number for number in range(20_000)})
    with store.transaction():
        for key in store.keys("key:"):
            store.delete(key)
    assert store.count() == 0
    store.set_many({f"key:{number:06}": number for number in range(20_000)})
    for place, key in enumerate(store.keys("key:")):
        if place < 50 or place > 19_950:
            store.delete(key)
    assert store.count() == 20_000 - 50 - 49


def test_a_walk_that_is_given_up_holds_nothing(store: Store, other: Store) -> None:
    store.set_many({f"key:{number:06}": number for number in range(20_000)})
    walk = store.keys()
    next(walk)
    del walk
    other.set("key:000000", "new")
    store.set("key:000001", "new")
    assert other.get("key:000001") == "new"
