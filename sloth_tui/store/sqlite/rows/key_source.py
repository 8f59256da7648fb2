"""SQLite as a source for the key index: runs of keys, pages of rows, searches, and changes."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from sloth_tui.store.rows.key_tests import BETWEEN
from sloth_tui.store.rows.run import pack, pack_keys
from sloth_tui.store.rows.window import IndexedWindow
from sloth_tui.store.sqlite import schema
from sloth_tui.store.sqlite.engine.connection import OpenDatabase, as_it_is
from sloth_tui.store.sqlite.engine.errors import TranslatedErrors
from sloth_tui.store.sqlite.rows.changes import Changes
from sloth_tui.store.sqlite.rows.conditions import KEY_RANGE, key_conditions, value_conditions
from sloth_tui.store.sqlite.rows.expired import Expired
from sloth_tui.store.sqlite.rows.row_reader import (
    count_rows,
    existing_keys,
    in_key_order,
    integers,
    read_keys,
    read_rows,
)
from sloth_tui.store.sqlite.rows.sorted import Sorted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    import apsw

    from sloth_tui.errors import SlothError
    from sloth_tui.model import Query, Row
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.rows.run import Run
    from sloth_tui.store.rows.terms import Terms

_CHECK_EVERY_STEPS = 20_000
"""Steps of SQLite's virtual machine between two checks for a newer query: a millisecond or two."""

_ROWS = f"SELECT rowid AS id, key FROM state WHERE {KEY_RANGE} ORDER BY key LIMIT :limit"
_READ_JOINED = f"SELECT group_concat(id), CAST(group_concat(key, x'ff') AS BLOB) FROM ({_ROWS})"
_READ_ONE_BY_ONE = f"SELECT id, CAST(key AS BLOB) FROM ({_ROWS})"
_NO_LIMIT = -1
_IN_RANGE = f"SELECT rowid FROM state WHERE {KEY_RANGE} AND "
_ANYWHERE = "SELECT rowid FROM state WHERE "


def open_window(path: str, clock: Clock | None = None) -> IndexedWindow:
    """Open a window on the entries of a database. Raises DatabaseUnusable."""
    return IndexedWindow(SqliteKeySource(path, clock=clock))


class SqliteKeySource:
    """See :class:`sloth_tui.store.rows.source.KeySource`.

    Uses connections of its own, so that interrupting a query affects no other: one for the thread that
    indexes, one for pages.
    """

    def __init__(
        self,
        path: str,
        told: Callable[[SlothError], SlothError] = as_it_is,
        clock: Clock | None = None,
    ) -> None:
        """``told``, ``clock``: see :class:`OpenDatabase`."""
        self._path, self._told, self._clock = path, told, clock
        self._translated = TranslatedErrors(path, told)
        self._database = OpenDatabase(path, told=told, clock=clock)
        self._expired = Expired(self._database)
        self._connection: apsw.Connection | None = None
        """The connection that the index was read from; the database has another one if it was reopened
        since."""
        self._changes: Changes | None = None
        """None if nothing is known of the connection."""
        self._is_superseded: Callable[[], bool] = bool
        self._page_lock = Lock()
        self._page_database: OpenDatabase | None = None

    def stop_when(self, is_superseded: Callable[[], bool]) -> None:
        self._is_superseded = is_superseded

    def moved(self) -> bool:
        self._database.refresh()
        if self._changes is None or self._connection is not self._database.connection:
            self._connection, self._changes = self._database.connection, None
            self._connection.set_progress_handler(self._is_superseded, _CHECK_EVERY_STEPS)
            return True
        with self._translated:
            moved = self._changes.moved()
            return self._expired.moved() or moved

    def came_or_went(self) -> Collection[bytes] | None:
        with self._translated:
            if self._changes is not None:
                keys, expired = self._changes.came_or_went(), self._expired.changed()
                return None if keys is None else keys | expired
            recorded = self._database.kind in (schema.CURRENT, schema.OUTDATED)
            self._changes = Changes(self._index_connection, recorded=recorded)
            self._expired.moved()
            self._expired.changed()
            return None

    def read_run(self, low: bytes, high: bytes | None, limit: int | None) -> Run:
        bounds: dict[str, apsw.SQLiteValue] = {
            "low": low,
            "high": high,
            "limit": _NO_LIMIT if limit is None else limit,
        }
        with self._translated:
            return _read_run(self._index_connection, self._expired.hide, low, bounds)

    def with_values(self, terms: Terms, low: bytes, high: bytes | None) -> frozenset[int]:
        conditions, bindings = value_conditions(terms)
        bounds = {**bindings, "low": low, "high": high}
        with self._translated:
            statement = self._expired.hide(_IN_RANGE + " AND ".join(conditions))
            answer = self._index_connection.execute(statement, bounds)
            return frozenset(integers(answer))

    def search(self, terms: Terms) -> Iterator[int]:
        """See the port. In storage order, which is much faster than key order if matches are rare."""
        conditions, bindings = value_conditions(terms)
        if terms.tests:
            of_keys, more = key_conditions(terms)
            conditions += of_keys
            bindings |= more
        with self._translated:
            statement = self._expired.hide(_ANYWHERE + " AND ".join(conditions))
            yield from integers(self._index_connection.execute(statement, bindings))

    def sorted_rows(self, query: Query) -> Sorted:
        return Sorted(self._index_connection, query, self._translated, self._expired.hide)

    def in_key_order(self, rowids: Sequence[int], *, descending: bool) -> Sequence[int]:
        with self._translated:
            return in_key_order(self._index_connection, rowids, descending=descending)

    def read_rows(self, rowids: Sequence[int]) -> list[Row | None]:
        with self._page_lock:
            if self._page_database is None:
                self._page_database = OpenDatabase(self._path, told=self._told, clock=self._clock)
            self._page_database.refresh()
            with self._translated:
                return read_rows(self._page_database, rowids)

    def count_rows(self, rowids: Sequence[int]) -> int:
        with self._translated:
            return count_rows(self._database, rowids)

    def read_keys(self, rowids: Sequence[int]) -> list[str]:
        self._database.refresh()
        with self._translated:
            return read_keys(self._database, rowids)

    def existing(self, keys: Sequence[str]) -> frozenset[str]:
        self._database.refresh()
        with self._translated:
            return existing_keys(self._database, keys)

    def close(self) -> None:
        self._database.close()
        with self._page_lock:
            if self._page_database is not None:
                self._page_database.close()

    @property
    def _index_connection(self) -> apsw.Connection:
        assert self._connection is not None
        return self._connection


def _read_run(
    connection: apsw.Connection,
    hide: Callable[[str], str],
    low: bytes,
    bounds: dict[str, apsw.SQLiteValue],
) -> Run:
    numbers, joined = connection.execute(hide(_READ_JOINED), bounds).fetchall()[0]
    if not isinstance(numbers, str) or not isinstance(joined, bytes):
        return pack(low, b"", [])
    rowids = list(map(int, numbers.split(",")))
    if joined.count(BETWEEN) + 1 != len(rowids):
        return _read_one_by_one(connection, hide, low, bounds)
    return pack(low, joined, rowids)


def _read_one_by_one(
    connection: apsw.Connection,
    hide: Callable[[str], str],
    low: bytes,
    bounds: dict[str, apsw.SQLiteValue],
) -> Run:
    """Read a run with keys that are not UTF-8 and contain the separating byte."""
    keys, rowids = [], []
    for rowid, key in connection.execute(hide(_READ_ONE_BY_ONE), bounds):
        assert isinstance(rowid, int)
        assert isinstance(key, bytes)
        keys.append(key)
        rowids.append(rowid)
    return pack_keys(low, keys, rowids)
