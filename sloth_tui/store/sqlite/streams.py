"""Long results without long transactions."""

from __future__ import annotations

from itertools import islice

import apsw

from sloth_tui.store.sqlite.failures import translate
from sloth_tui.store.sqlite.ranges import KEY, key_range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, TypeAlias

    from sloth_tui.store.sqlite.connection import Database

    Row: TypeAlias = tuple[Any, ...]

CHUNK = 16384
"""Rows read at once."""


class Stream:
    """Rows of ``state`` with a prefix, in key order, all from the snapshot of the moment it is made.

    What fits one chunk is read at once, so that no read transaction stays open. A longer result keeps
    its cursor, which the next write of the same handle reads to its end: SQLite would refuse to write past a
    snapshot that is no longer the newest. A consumer that stops early ends it by :meth:`close`.

    ``columns`` begin with the key. Where text turns out to be no UTF-8, the rest is read as ``raw`` columns,
    each row passed through ``convert``.
    """

    __slots__ = ("_columns", "_convert", "_cursor", "_database", "_last", "_prefix", "_raw", "_rows")

    def __init__(
        self,
        database: Database,
        prefix: str,
        columns: str,
        raw: str = "",
        convert: Callable[[Row], Row] | None = None,
    ) -> None:
        self._database = database
        self._prefix = prefix
        self._columns, self._raw, self._convert = columns, raw, convert
        self._last: str | None = None
        """The last key of the chunks read so far."""
        self._cursor: Iterator[Row] = self._select(columns)
        self._rows = self._fetch(CHUNK)
        if len(self._rows) == CHUNK:
            database.streams.append(self)

    def chunks(self) -> Iterator[list[Row]]:
        """All rows; ends the stream when it is closed itself."""
        try:
            while self._rows:
                rows, self._rows = self._rows, []
                yield rows
                if not self._rows and self in self._database.streams:
                    self._rows = self._fetch(CHUNK)
                    if len(self._rows) < CHUNK:
                        self._database.streams.remove(self)
        finally:
            self.close()

    def drain(self) -> None:
        """Read the rest into memory. Who holds the list of streams takes this one out of it."""
        self._rows += self._fetch(None)

    def close(self) -> None:
        """Give the snapshot back."""
        if self in self._database.streams:
            self._database.streams.remove(self)
        self._rows = []
        self._cursor = iter(())

    def _select(self, columns: str, after: str | None = None) -> Iterator[Row]:
        where, bindings = key_range(self._prefix)
        if after is not None:
            where += f" AND key > {KEY}"
            bindings += (after.encode(),)
        try:
            return self._database.execute(f"SELECT {columns} FROM state WHERE {where} ORDER BY key", bindings)
        except apsw.Error as error:
            raise translate(error, self._database.path) from error

    def _fetch(self, limit: int | None) -> list[Row]:
        try:
            rows = list(islice(self._cursor, limit))
        except UnicodeDecodeError:
            # The cursor that failed keeps the snapshot until the new one has begun to read it.
            assert self._convert is not None
            self._cursor = map(self._convert, self._select(self._raw, self._last))
            rows = list(islice(self._cursor, limit))
        except apsw.Error as error:
            raise translate(error, self._database.path) from error
        if rows:
            self._last = rows[-1][0]
        return rows
