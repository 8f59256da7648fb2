"""Databases that other programs made, and what they do to them while we look."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import apsw

from sloth_tui.model import Query
from sloth_tui.store import open_path
from tests.store.sqlite.window.viewer import run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.store.sqlite.store import SqliteStore
    from tests.store.sqlite.window.viewer import Viewer


def put(other: apsw.Connection, rows: Iterable[tuple[object, object]]) -> None:
    other.executemany("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", list(rows))


def test_a_database_that_is_not_ours_is_shown_and_followed(other: apsw.Connection, view: Viewer) -> None:
    put(other, [(f"k{number:02}", "abc") for number in range(30)])
    rows = view.ask(Query(sort="type"))
    assert [(row.key, row.type, row.revision) for row in rows if row][:1] == [("k00", "string", None)]
    assert len(rows) == 30
    other.execute("DELETE FROM state WHERE key < 'k10'")
    put(other, [("a", "1")])
    assert view.keys()[:2] == ["a", "k10"]


def test_rows_replaced_by_equal_ones_are_found_again(path: str, other: apsw.Connection, view: Viewer) -> None:
    """INSERT OR REPLACE moves a key to another row; of an equal value no history tells."""
    put(other, [("a", "1"), ("b", "2"), ("c", "3")])
    with open_path(path, "write") as store:
        store.set("d", "4")
    assert view.keys(Query()) == ["a", "b", "c", "d"]
    put(other, [("b", "2")])
    assert view.keys() == ["a", "b", "c", "d"]
    put(other, [("a", "9")])
    assert view.keys() == ["a", "b", "c", "d"]


def test_rows_renumbered_by_vacuum_are_found_again(store: SqliteStore, view: Viewer) -> None:
    store.set_many({f"k{number:02}": str(number) for number in range(40)})
    store.delete_prefix("k0")
    assert len(view.keys(Query())) == 30
    with closing(apsw.Connection(store.location)) as other:
        run(other, "VACUUM")
    assert view.keys() == [f"k{number}" for number in range(10, 40)]


def test_a_database_that_is_adopted_meanwhile_is_followed(
    path: str, other: apsw.Connection, view: Viewer
) -> None:
    put(other, [("a", "1")])
    assert view.keys(Query()) == ["a"]
    with open_path(path, "write") as store:
        store.set("b", 2)
    rows = view.again()
    assert [(row.key, row.type) for row in rows if row] == [("a", "string"), ("b", "integer")]


def test_what_is_no_key_is_passed_over(other: apsw.Connection, view: Viewer) -> None:
    put(other, [(None, "null"), (b"blob", "blob"), ("text", "text"), (7, "number")])
    assert view.keys(Query()) == ["7", "text"]
    assert view.keys(Query(descending=True)) == ["text", "7"]
    assert view.keys(Query(sort="size")) == ["text", "7"]


def test_keys_that_are_no_utf8_are_shown_and_found(other: apsw.Connection, view: Viewer) -> None:
    for key in (b"a\xff", b"a\xffb", b"\xff", b"b"):
        other.execute("INSERT INTO state (key, value) VALUES (CAST(? AS TEXT), 'x')", (key,))
    assert view.keys(Query()) == ["a\udcff", "a\udcffb", "b", "\udcff"]
    assert view.keys(Query(key="b")) == ["a\udcffb", "b"]
    assert view.keys(Query(prefix="a")) == ["a\udcff", "a\udcffb"]


def test_a_filter_never_matches_across_two_keys(other: apsw.Connection, view: Viewer) -> None:
    put(other, [("ab", "1"), ("cd", "1"), ("e\nf", "1")])
    assert view.keys(Query(key="bc")) == []
    assert view.keys(Query(key="\n")) == ["e\nf"]
    assert view.keys(Query(key="\udcff")) == []
    assert view.keys(Query(key="\ud800")) == []


def test_text_that_is_no_utf8_in_a_value_is_escaped(other: apsw.Connection, view: Viewer) -> None:
    other.execute("INSERT INTO state (key, value) VALUES ('k', CAST(x'61ff' AS TEXT))")
    (row,) = view.ask(Query())
    assert row is not None
    assert (row.preview, row.type) == ("a\\xff", "string")
