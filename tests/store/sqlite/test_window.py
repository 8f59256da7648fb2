from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.model import SORT_COLUMNS, Query
from sloth_tui.store import open_path
from sloth_tui.store.sqlite import key_index, row_order, window
from sloth_tui.store.sqlite.pages import PREVIEW
from sloth_tui.store.sqlite.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sloth_tui.model import Row
    from sloth_tui.store.sqlite.store import SqliteStore

_DOCUMENTED = """
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL,
      created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
    CREATE TABLE locks (name TEXT PRIMARY KEY, holder TEXT NOT NULL,
      acquired_at DATETIME DEFAULT CURRENT_TIMESTAMP, expires_at DATETIME NOT NULL)"""

_PIECES = (
    "a",
    "b",
    "A",
    ":",
    "/",
    "%",
    "_",
    "*",
    "\n",
    "\x1b",
    "é",
    "世",
    "👋",
    "\u202e",
    "\x7f",
    "ÿ",
    "\x01",
)
_keys = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=6).map("".join)
_values = st.one_of(_keys, st.integers(-5, 5), st.booleans(), st.binary(max_size=3), st.just({"a": [1, "b"]}))
_texts = st.one_of(st.just(""), _keys.map(lambda key: key[:2]))
_queries = st.builds(Query, _texts, _texts, _texts, st.sampled_from(SORT_COLUMNS), st.booleans())


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many runs, pages and slices with few rows."""
    monkeypatch.setattr(key_index, "RUN", 4)
    monkeypatch.setattr(key_index, "CROWDED", 12)
    monkeypatch.setattr(row_order, "SLICE", 7)
    for module in (row_order, window):
        monkeypatch.setattr(module, "FIRST_PAGE", 5)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "agent.db")


@pytest.fixture
def store(path: str) -> Iterator[SqliteStore]:
    with open_path(path, "write") as opened:
        yield opened


@pytest.fixture
def view(path: str) -> Iterator[Viewer]:
    with closing(Viewer(path)) as opened:
        yield opened


class Viewer:
    """A window as a screen uses it."""

    def __init__(self, path: str) -> None:
        self.window = Window(path)
        self.generation = 0
        self.query = Query()

    def ask(self, query: Query) -> list[Row | None]:
        """All rows of a new query."""
        self.generation += 1
        self.query = query
        self.window.supersede(self.generation)
        return self.again()

    def again(self) -> list[Row | None]:
        """All rows of the last query, brought up to date."""
        told = list(self.window.index(self.query, self.generation))
        assert [complete for _, complete in told] == [False] * (len(told) - 1) + [True]
        counts = [count for count, _ in told]
        assert counts == sorted(counts)
        return self.page(0, counts[-1] + 5)

    def page(self, first: int, count: int) -> list[Row | None]:
        rows = self.window.page(self.generation, first, count)
        assert rows is not None
        return rows

    def keys(self, query: Query | None = None) -> list[str]:
        rows = self.ask(query) if query is not None else self.again()
        return [row.key for row in rows if row]

    def close(self) -> None:
        self.window.close()


def stored(value: object) -> bytes:
    """The stored form of the values used here."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return b'{"a":[1,"b"]}' if isinstance(value, dict) else str(value).encode()


def expected(store: SqliteStore, query: Query) -> list[str]:
    """What a look at every entry would find."""
    found = [
        entry
        for entry in store.entries()
        if entry.key.startswith(query.prefix)
        and query.key in entry.key
        and query.value.encode() in stored(entry.value)
    ]
    order = {
        "key": lambda entry: (),
        "type": lambda entry: entry.type,
        "size": lambda entry: entry.size,
        "updated": lambda entry: entry.updated_at,
        "revision": lambda entry: entry.revision,
    }[query.sort]
    found.sort(key=lambda entry: entry.key.encode(), reverse=query.sort == "key" and query.descending)
    found.sort(key=order, reverse=query.descending)
    return [entry.key for entry in found]


@pytest.mark.parametrize("room", [key_index.MAX_BYTES, 0, 30])
def test_every_query_finds_what_a_look_at_every_entry_finds(
    store: SqliteStore, view: Viewer, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when there is no room to keep all keys in memory."""
    monkeypatch.setattr(key_index, "MAX_BYTES", room)

    @settings(max_examples=150, deadline=None)
    @given(st.dictionaries(_keys, _values, min_size=0, max_size=40), st.lists(_queries, max_size=6))
    def check(entries: dict[str, object], queries: list[Query]) -> None:
        store.delete_prefix("")
        store.set_many(entries)  # type: ignore[arg-type]  # a value of each type
        for query in queries:
            rows = view.ask(query)
            assert [row.key if row else None for row in rows] == expected(store, query)
            for place, row in enumerate(rows):
                assert row is not None
                assert view.window.position(row.key) == place

    check()


_changes = st.lists(
    st.one_of(
        st.tuples(st.just("set"), _keys, _values),
        st.tuples(st.just("delete"), _keys, st.just(0)),
        st.tuples(st.just("clear"), _keys.map(lambda key: key[:1]), st.just(0)),
    ),
    max_size=8,
)


def test_an_answer_follows_the_changes_of_others(store: SqliteStore, view: Viewer) -> None:
    @settings(max_examples=150, deadline=None)
    @given(st.sets(_keys, max_size=60), _queries, st.lists(_changes, max_size=4))
    def check(keys: set[str], query: Query, rounds: list[list[tuple[str, str, object]]]) -> None:
        store.delete_prefix("")
        store.set_many(dict.fromkeys(keys, "b"))
        view.ask(query)
        for changes in rounds:
            for what, key, value in changes:
                if what == "set":
                    store.set(key, value)  # type: ignore[arg-type]  # a value of each type
                elif what == "delete":
                    store.delete(key)
                else:
                    store.delete_prefix(key)
            assert view.keys() == expected(store, query)

    check()


def run(connection: apsw.Connection, statements: str) -> None:
    connection.execute(statements).fetchall()


class TestRows:
    def test_a_row_is_the_entry(self, store: SqliteStore, view: Viewer) -> None:
        store.set_many({"text": "hé\nllo", "whole": -7, "real": 1.5, "yes": True, "table": {"a": 1}})
        for row in view.ask(Query()):
            assert row is not None
            entry = store.entry(row.key)
            assert (row.type, row.size, row.revision) == (entry.type, entry.size, entry.revision)
            assert row.updated_at == pytest.approx(entry.updated_at, abs=0.001)
            assert row.preview.encode() == stored(entry.value) if row.key != "table" else b'{"a":1}'

    def test_of_a_large_value_only_the_beginning_comes(self, store: SqliteStore, view: Viewer) -> None:
        store.set("large", "é" * 3_000_000)
        (row,) = view.ask(Query())
        assert row is not None
        assert row.size == 6_000_000
        assert row.preview == "é" * (PREVIEW // 2)

    def test_half_a_character_at_the_cut_is_left_out(self, store: SqliteStore, view: Viewer) -> None:
        store.set("large", "x" + "é" * PREVIEW)
        (row,) = view.ask(Query())
        assert row is not None
        assert row.preview == "x" + "é" * (PREVIEW // 2 - 1)

    def test_bytes_that_are_no_text_are_escaped(self, store: SqliteStore, view: Viewer) -> None:
        store.set("bytes", b"a\xff\x00")
        (row,) = view.ask(Query())
        assert row is not None
        assert (row.preview, row.type, row.size) == ("a\\xff\x00", "bytes", 3)

    def test_a_deleted_row_leaves_a_gap_until_the_answer_is_brought_up_to_date(
        self, store: SqliteStore, view: Viewer
    ) -> None:
        store.set_many(dict.fromkeys("abc", "1"))
        view.ask(Query())
        store.delete("b")
        assert [row.key if row else None for row in view.page(0, 9)] == ["a", None, "c"]
        assert view.keys() == ["a", "c"]

    def test_a_page_beyond_the_end_is_short_or_empty(self, store: SqliteStore, view: Viewer) -> None:
        store.set_many(dict.fromkeys("abc", "1"))
        view.ask(Query())
        assert [row.key for row in view.page(2, 100) if row] == ["c"]
        assert view.page(3, 100) == []


class TestGenerations:
    def test_a_superseded_generation_gets_neither_answer_nor_pages(
        self, store: SqliteStore, view: Viewer
    ) -> None:
        store.set_many({f"k{number}": "1" for number in range(50)})
        view.window.supersede(1)
        told = []
        for _, complete in view.window.index(Query(), 1):
            told.append(complete)
            view.window.supersede(2)
        assert told == [False]
        assert list(view.window.index(Query(), 1)) == []
        assert list(view.window.index(Query(prefix="k1"), 2))[-1] == (11, True)
        assert view.window.page(1, 0, 10) is None
        assert view.window.page(2, 0, 1) is not None

    def test_a_generation_that_was_broken_off_can_be_asked_again(
        self, store: SqliteStore, view: Viewer
    ) -> None:
        store.set_many({f"k{number:02}": "1" for number in range(50)})
        view.window.supersede(1)
        next(view.window.index(Query(), 1))
        assert list(view.window.index(Query(), 1))[-1] == (50, True)

    def test_the_first_page_can_be_had_before_the_rest_is_found(
        self, store: SqliteStore, view: Viewer
    ) -> None:
        store.set_many({f"k{number:03}": "1" for number in range(200)})
        view.window.supersede(1)
        count, complete = next(view.window.index(Query(key="k"), 1))
        assert not complete
        assert count < 200
        rows = view.window.page(1, 0, 5)
        assert [row.key for row in rows or [] if row] == [f"k{number:03}" for number in range(5)]

    def test_a_sort_ends_soon_after_it_is_superseded(self, path: str, view: Viewer) -> None:
        with closing(apsw.Connection(path)) as other:
            run(other, _DOCUMENTED)
            run(
                other,
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
                "INSERT INTO state (key, value) SELECT 'k' || (i * 7919 % 300007), zeroblob(i % 40) FROM n",
            )
        view.window.supersede(1)
        told: list[bool] = []
        begun = threading.Event()

        def ask() -> None:
            for _, complete in view.window.index(Query(sort="size"), 1):
                told.append(complete)
                begun.set()

        thread = threading.Thread(target=ask)
        thread.start()
        assert begun.wait(10)
        view.window.supersede(2)
        superseded = time.monotonic()
        thread.join(10)
        assert True not in told
        assert time.monotonic() - superseded < 0.25

    def test_pages_are_served_while_another_thread_indexes(self, store: SqliteStore, view: Viewer) -> None:
        store.set_many({f"k{number:04}": "1" for number in range(3000)})
        view.window.supersede(1)
        wrong: list[object] = []
        done = threading.Event()

        def read() -> None:
            while not done.is_set():
                rows = view.window.page(1, 0, 50) or []
                if [row.key for row in rows if row] != [f"k{number:04}" for number in range(len(rows))]:
                    wrong.append(rows)

        thread = threading.Thread(target=read)
        thread.start()
        try:
            for _ in range(5):
                assert list(view.window.index(Query(), 1))[-1] == (3000, True)
        finally:
            done.set()
            thread.join()
        assert not wrong


class TestOtherPrograms:
    @pytest.fixture
    def other(self, path: str) -> Iterator[apsw.Connection]:
        """Another program, whose database has the documented tables only."""
        with closing(apsw.Connection(path)) as connection:
            run(connection, f"PRAGMA journal_mode = WAL; {_DOCUMENTED}")
            yield connection

    def put(self, other: apsw.Connection, rows: Iterable[tuple[object, object]]) -> None:
        other.executemany("INSERT OR REPLACE INTO state (key, value) VALUES (?, ?)", list(rows))

    def test_a_database_that_is_not_ours_is_shown_and_followed(
        self, other: apsw.Connection, view: Viewer
    ) -> None:
        self.put(other, [(f"k{number:02}", "abc") for number in range(30)])
        rows = view.ask(Query(sort="type"))
        assert [(row.key, row.type, row.revision) for row in rows if row][:1] == [("k00", "string", None)]
        assert len(rows) == 30
        other.execute("DELETE FROM state WHERE key < 'k10'")
        self.put(other, [("a", "1")])
        assert view.keys()[:2] == ["a", "k10"]

    def test_rows_replaced_by_equal_ones_are_found_again(
        self, path: str, other: apsw.Connection, view: Viewer
    ) -> None:
        """INSERT OR REPLACE moves a key to another row; of an equal value no history tells."""
        self.put(other, [("a", "1"), ("b", "2"), ("c", "3")])
        with open_path(path, "write") as store:
            store.set("d", "4")
        assert view.keys(Query()) == ["a", "b", "c", "d"]
        self.put(other, [("b", "2")])
        assert view.keys() == ["a", "b", "c", "d"]
        self.put(other, [("a", "9")])
        assert view.keys() == ["a", "b", "c", "d"]

    def test_rows_renumbered_by_vacuum_are_found_again(self, store: SqliteStore, view: Viewer) -> None:
        store.set_many({f"k{number:02}": str(number) for number in range(40)})
        store.delete_prefix("k0")
        assert len(view.keys(Query())) == 30
        with closing(apsw.Connection(store.location)) as other:
            run(other, "VACUUM")
        assert view.keys() == [f"k{number}" for number in range(10, 40)]

    def test_a_database_that_is_adopted_meanwhile_is_followed(
        self, path: str, other: apsw.Connection, view: Viewer
    ) -> None:
        self.put(other, [("a", "1")])
        assert view.keys(Query()) == ["a"]
        with open_path(path, "write") as store:
            store.set("b", 2)
        rows = view.again()
        assert [(row.key, row.type) for row in rows if row] == [("a", "string"), ("b", "integer")]

    def test_what_is_no_key_is_passed_over(self, other: apsw.Connection, view: Viewer) -> None:
        self.put(other, [(None, "null"), (b"blob", "blob"), ("text", "text"), (7, "number")])
        assert view.keys(Query()) == ["7", "text"]
        assert view.keys(Query(descending=True)) == ["text", "7"]
        assert view.keys(Query(sort="size")) == ["text", "7"]

    def test_keys_that_are_no_utf8_are_shown_and_found(self, other: apsw.Connection, view: Viewer) -> None:
        for key in (b"a\xff", b"a\xffb", b"\xff", b"b"):
            other.execute("INSERT INTO state (key, value) VALUES (CAST(? AS TEXT), 'x')", (key,))
        assert view.keys(Query()) == ["a\udcff", "a\udcffb", "b", "\udcff"]
        assert view.keys(Query(key="b")) == ["a\udcffb", "b"]
        assert view.keys(Query(prefix="a")) == ["a\udcff", "a\udcffb"]

    def test_a_filter_never_matches_across_two_keys(self, other: apsw.Connection, view: Viewer) -> None:
        self.put(other, [("ab", "1"), ("cd", "1"), ("e\nf", "1")])
        assert view.keys(Query(key="bc")) == []
        assert view.keys(Query(key="\n")) == ["e\nf"]
        assert view.keys(Query(key="\udcff")) == []
        assert view.keys(Query(key="\ud800")) == []

    def test_text_that_is_no_utf8_in_a_value_is_escaped(self, other: apsw.Connection, view: Viewer) -> None:
        other.execute("INSERT INTO state (key, value) VALUES ('k', CAST(x'61ff' AS TEXT))")
        (row,) = view.ask(Query())
        assert row is not None
        assert (row.preview, row.type) == ("a\\xff", "string")


class TestDatabase:
    def test_no_database_is_an_empty_one_until_there_is_one(self, path: str, view: Viewer) -> None:
        assert view.ask(Query()) == []
        with open_path(path, "write") as store:
            store.set("a", "1")
        assert view.keys() == ["a"]

    def test_a_damaged_database_is_reported_in_words(self, path: str, store: SqliteStore) -> None:
        store.set_many({f"k{number:04}": "x" * 100 for number in range(500)})
        store.close()
        with open(path, "r+b") as file:
            file.seek(4096)
            file.write(b"\xaa" * 30_000)
        with closing(Window(path)) as damaged:
            damaged.supersede(1)
            with pytest.raises(DatabaseUnusable, match=r"agent\.db"):
                list(damaged.index(Query(value="y"), 1))
