"""Long results without long transactions."""

from __future__ import annotations

from itertools import chain, islice

import apsw

from sloth_tui.store.sqlite.engine import MISFITS, UNREADABLE
from sloth_tui.store.sqlite.sql.keys import KEY, key_range
from sloth_tui.store.sqlite.sql.rows import ENTRIES, TIMED_ENTRIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.sql.rows import Reading, Row

CHUNK = 16384
"""Rows read at once."""


class SnapshotCursor:
    """The rows with a prefix, in key order, from the snapshot of the moment it is created.

    A result of one chunk is read at once, so that no read transaction stays open. A longer result keeps its
    cursor, which the next write of the same handle reads to the end: SQLite would refuse to write after a
    snapshot that is no longer the newest. Releasing the iterator of :meth:`results` early closes the cursor.

    Rows are read plainly; after text that is not UTF-8, the remaining rows are read raw.
    """

    __slots__ = ("_convert", "_cursor", "_database", "_hides", "_last", "_prefix", "_raw", "_ready")

    def __init__(self, database: OpenDatabase, prefix: str, reading: Reading[Any]) -> None:
        self._database = database
        self._prefix = prefix
        self._last: str | None
        """The last key read so far."""
        self._hides = False
        """True if entries whose time to live is over are left out."""
        if reading is ENTRIES and database.deadlines is not None:
            reading = TIMED_ENTRIES
        self._begin(reading)
        while database.data_version() != database.untimed:
            settled, timed = database.is_settled(), reading is ENTRIES and database.deadlines is not None
            if not timed and (settled or self._hides):
                break
            self._hides |= not settled
            reading = TIMED_ENTRIES if timed else reading
            self._begin(reading)
        if len(self._ready) == CHUNK:
            database.cursors.append(self)

    def _begin(self, reading: Reading[Any]) -> None:
        (columns, self._convert), self._raw = reading
        self._last = None
        self._cursor = self._select(columns)
        self._ready: list[Any] = self._fetch(CHUNK)

    def results(self) -> Iterator[Any]:
        """Yield all results. Releasing the iterator closes the cursor, even before the first result."""
        chunks = self._chunks()
        # A generator that has not started would not run its cleanup.
        return chain(next(chunks, ()), chain.from_iterable(chunks))

    def _chunks(self) -> Iterator[list[Any]]:
        try:
            while self._ready:
                ready, self._ready = self._ready, []
                yield ready
                if not self._ready and self in self._database.cursors:
                    self._ready = self._fetch(CHUNK)
                    if len(self._ready) < CHUNK:
                        self._database.cursors.remove(self)
        finally:
            self.close()

    def drain(self) -> None:
        """Read the rest into memory. The owner of the list of cursors removes this one from it."""
        self._ready += self._fetch(None)

    def close(self) -> None:
        """Release the snapshot."""
        if self in self._database.cursors:
            self._database.cursors.remove(self)
        self._ready = []
        cursor, self._cursor = self._cursor, iter(())
        if isinstance(cursor, apsw.Cursor):
            cursor.close(True)  # not every release of the driver does so for one that is given up

    def _select(self, columns: str, after: str | None = None) -> Iterator[Row]:
        where, bindings = key_range(self._prefix)
        if after is not None:
            where += f" AND key > {KEY}"
            bindings += (after.encode(),)
        statement = f"SELECT {columns} FROM state WHERE {where} ORDER BY key"
        if self._hides:
            from sloth_tui.store.sqlite.engine.deadlines import without_expired

            statement = without_expired(statement, self._database.clock)
        try:
            return self._database.execute(statement, bindings)
        except UNREADABLE as error:
            raise self._database.failure(error) from error

    def _read(self, limit: int | None) -> list[Any]:
        try:
            return self._convert(islice(self._cursor, limit))
        except UnicodeDecodeError:
            columns, self._convert = self._raw
            # The failed cursor keeps the snapshot until the new one has begun to read.
            self._cursor = self._select(columns, self._last)
            return self._convert(islice(self._cursor, limit))

    def _fetch(self, limit: int | None) -> list[Any]:
        try:
            read = self._read(limit)
        except (apsw.Error, *MISFITS) as error:
            raise self._database.failure(error) from error
        if read:
            last = read[-1]
            self._last = last if isinstance(last, str) else last[0]
        return read
