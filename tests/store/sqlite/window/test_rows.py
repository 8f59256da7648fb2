"""What a row says, and where there is none."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.model import Query
from sloth_tui.store import open_path
from sloth_tui.store.sqlite.rows.key_source import open_window
from sloth_tui.store.sqlite.rows.row_reader import PREVIEW
from tests.store.sqlite.window.viewer import stored

if TYPE_CHECKING:
    from sloth_tui.store.sqlite.store import SqliteStore
    from tests.store.sqlite.window.viewer import Viewer


def test_a_row_is_the_entry(store: SqliteStore, view: Viewer) -> None:
    store.set_many({"text": "hé\nllo", "whole": -7, "real": 1.5, "yes": True, "table": {"a": 1}})
    for row in view.ask(Query()):
        assert row is not None
        entry = store.entry(row.key)
        assert (row.type, row.size, row.revision) == (entry.type, entry.size, entry.revision)
        assert row.updated_at == pytest.approx(entry.updated_at, abs=0.001)
        assert row.preview.encode() == stored(entry.value) if row.key != "table" else b'{"a":1}'


def test_of_a_large_value_only_the_beginning_comes(store: SqliteStore, view: Viewer) -> None:
    store.set("large", "é" * 3_000_000)
    (row,) = view.ask(Query())
    assert row is not None
    assert row.size == 6_000_000
    assert row.preview == "é" * (PREVIEW // 2)


def test_half_a_character_at_the_cut_is_left_out(store: SqliteStore, view: Viewer) -> None:
    store.set("large", "x" + "é" * PREVIEW)
    (row,) = view.ask(Query())
    assert row is not None
    assert row.preview == "x" + "é" * (PREVIEW // 2 - 1)


def test_bytes_that_are_no_text_are_escaped(store: SqliteStore, view: Viewer) -> None:
    store.set("bytes", b"a\xff\x00")
    (row,) = view.ask(Query())
    assert row is not None
    assert (row.preview, row.type, row.size) == ("a\\xff\x00", "bytes", 3)


def test_a_deleted_row_leaves_a_gap_until_the_answer_is_brought_up_to_date(
    store: SqliteStore, view: Viewer
) -> None:
    store.set_many(dict.fromkeys("abc", "1"))
    view.ask(Query())
    store.delete("b")
    assert [row.key if row else None for row in view.page(0, 9)] == ["a", None, "c"]
    assert view.keys() == ["a", "c"]


def test_a_page_beyond_the_end_is_short_or_empty(store: SqliteStore, view: Viewer) -> None:
    store.set_many(dict.fromkeys("abc", "1"))
    view.ask(Query())
    assert [row.key for row in view.page(2, 100) if row] == ["c"]
    assert view.page(3, 100) == []


def test_no_database_is_an_empty_one_until_there_is_one(path: str, view: Viewer) -> None:
    assert view.ask(Query()) == []
    with open_path(path, "write") as store:
        store.set("a", "1")
    assert view.keys() == ["a"]


def test_a_damaged_database_is_reported_in_words(path: str, store: SqliteStore) -> None:
    store.set_many({f"k{number:04}": "x" * 100 for number in range(500)})
    store.close()
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xaa" * 30_000)
    with closing(open_window(path)) as damaged:
        damaged.supersede(1)
        with pytest.raises(DatabaseUnusable, match=r"agent\.db"):
            list(damaged.index(Query(value="y"), 1))
