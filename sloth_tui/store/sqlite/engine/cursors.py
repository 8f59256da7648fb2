"""Long results without long transactions."""

from __future__ import annotations

from itertools import chain, islice

import apsw

from sloth_tui.store.sqlite.engine.errors import MISFITS, UNREADABLE
from sloth_tui.store.sqlite.sql.keys import KEY, key_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.sql.rows import Reading, Row

CHUNK = 16384
"""Rows read at once."""


class Stream:
    """What is read of the rows with a prefix, in key order, from the snapshot of the moment it is made.

    What fits one chunk is read at once, so that no read transaction stays open. A longer result keeps
    its cursor, which the next write of the same handle reads to its end: SQLite would refuse to write past a
    snapshot that is no longer the newest. A consumer that stops early ends it by letting go of
    :meth:`results`.

    Rows are read plainly; where text turns out to be no UTF-8, the rest of them raw.
    """

    __slots__ = ("_convert", "_cursor", "_database", "_last", "_prefix", "_raw", "_ready")

    def __init__(self, database: OpenDatabase, prefix: str, reading: Reading[Any]) -> None:
        self._database = database
        self._prefix = prefix
        (columns, self._convert), self._raw = reading
        self._last: str | None = None
        """The last key of what was read so far."""
        self._cursor = self._select(columns)
        self._ready: list[Any] = self._fetch(CHUNK)
        if len(self._ready) == CHUNK:
            database.streams.append(self)

    def results(self) -> Iterator[Any]:
        """All of them; ends the stream when it is let go of, be it before the first."""
        chunks = self._chunks()
        # A generator that has not begun could not end anything.
        return chain(next(chunks, ()), chain.from_iterable(chunks))

    def _chunks(self) -> Iterator[list[Any]]:
        try:
            while self._ready:
                ready, self._ready = self._ready, []
                yield ready
                if not self._ready and self in self._database.streams:
                    self._ready = self._fetch(CHUNK)
                    if len(self._ready) < CHUNK:
                        self._database.streams.remove(self)
        finally:
            self.close()

    def drain(self) -> None:
        """Read the rest into memory. Who holds the list of streams takes this one out of it."""
        self._ready += self._fetch(None)

    def close(self) -> None:
        """Give the snapshot back."""
        if self in self._database.streams:
            self._database.streams.remove(self)
        self._ready = []
        self._cursor = iter(())

    def _select(self, columns: str, after: str | None = None) -> Iterator[Row]:
        where, bindings = key_range(self._prefix)
        if after is not None:
            where += f" AND key > {KEY}"
            bindings += (after.encode(),)
        try:
            return self._database.execute(f"SELECT {columns} FROM state WHERE {where} ORDER BY key", bindings)
        except UNREADABLE as error:
            raise self._database.failure(error) from error

    def _read(self, limit: int | None) -> list[Any]:
        try:
            return self._convert(islice(self._cursor, limit))
        except UnicodeDecodeError:
            columns, self._convert = self._raw
            # The cursor that failed keeps the snapshot until the new one has begun to read it.
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
