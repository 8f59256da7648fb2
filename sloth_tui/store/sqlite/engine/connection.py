"""One connection to one database file, to read: opening, reading consistently, failing in words.

Until the database has our schema (there is no file yet, or another program made it), temporary objects stand
in for what is missing, and every read first looks whether somebody has created or adopted it meanwhile.
"""

from __future__ import annotations

import os
import time

import apsw

from sloth_tui.agents import status_of
from sloth_tui.store.sqlite.engine.errors import MISFITS, UNREADABLE, translate
from sloth_tui.store.sqlite.engine.files import check_path
from sloth_tui.store.sqlite.engine.opening import identity, open_as_it_is, signature
from sloth_tui.store.sqlite.schema import tables as schema

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeAlias, TypeVar

    from sloth_tui.errors import SlothError
    from sloth_tui.store.sqlite.engine.cursors import Stream

    Bindings: TypeAlias = Sequence[Any] | Mapping[str, Any]
    S = TypeVar("S")
    T = TypeVar("T")


class OpenDatabase:
    """A connection, and what is known of the file behind it.

    ``execute`` runs one statement and raises the driver's errors; :meth:`rows` and :meth:`one` raise ours.
    """

    __slots__ = (
        "_file",
        "_looked_at",
        "_marks",
        "_place",
        "connection",
        "depth",
        "execute",
        "frozen",
        "kind",
        "openings",
        "path",
        "streams",
    )

    execute: Callable[..., apsw.Cursor]
    kind: str | None
    """Which schema the database has, in the words of ``schema``; None without a file."""
    frozen: object
    """The signature of a file that is read as one that nobody changes; None otherwise."""

    def __init__(self, path: str) -> None:
        self._place = path
        # SQLite takes a link anywhere in the path for a link to the database.
        self.path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        check_path(self.path)
        self.depth = 0
        """How many transactions are open, one in another."""
        self.openings = 0
        self.streams: list[Stream] = []
        self._attach()

    @property
    def read_only(self) -> bool:
        return True

    def rows(self, statement: str, bindings: Bindings = ()) -> list[tuple[Any, ...]]:
        """All rows, read from one snapshot."""
        try:
            return self.execute(statement, bindings).fetchall()
        except UNREADABLE as error:
            raise self.failure(error) from error

    def number(self, statement: str, bindings: Bindings = ()) -> int:
        """The only column of the only row. Raises DatabaseUnusable where that is no integer."""
        found = self.one(statement, bindings)
        if type(found) is not int:
            raise self.failure(TypeError(found))
        return found

    def made_of(
        self, make: Callable[[tuple[Any, ...]], T], statement: str, bindings: Bindings = ()
    ) -> list[T]:
        """What ``make`` makes of each row. Raises DatabaseUnusable where it cannot: the row is damaged."""
        return self.convert(make, self.rows(statement, bindings))

    def convert(self, make: Callable[[S], T], rows: Iterable[S]) -> list[T]:
        """The same, of rows that were read already."""
        try:
            return [make(row) for row in rows]
        except MISFITS as error:
            raise self.failure(error) from error

    def failure(self, error: Exception) -> SlothError:
        """The error to raise instead of one that reading the database raised."""
        return translate(error, self.path, reading=self.read_only)

    def one(self, statement: str, bindings: Bindings = ()) -> Any:
        """The only column, or the tuple of columns, of the only row; None where there is no row."""
        try:
            return self.execute(statement, bindings).get
        except UNREADABLE as error:
            raise self.failure(error) from error

    def change_token(self) -> int:
        """Differs from the last one if another connection committed since or made the database."""
        # Connection.data_version() would be cheaper, but it is stale until the connection next reads.
        self._follow_file()
        version: int = self.one("PRAGMA data_version")
        return self.openings << 32 | version

    def drain_streams(self) -> None:
        """Read unfinished results to their end, so that what follows does not show in them, or end them."""
        for stream in self.streams:
            stream.drain()
        self.streams.clear()

    def refresh(self) -> None:
        """Notice that somebody else has created, adopted or changed the database where SQLite does not tell;
        cheap when nothing did."""
        if self.kind is None:
            changed = status_of(self._place) is not None
        elif self.frozen is not None:
            changed = signature(self.path) != self.frozen
        elif self.kind is schema.OURS:
            return
        else:
            changed = schema.marks(self.connection) != self._marks
        if changed:
            self._detach()
            self._attach()

    def is_current(self) -> bool:
        """Whether the file is still the one that was opened."""
        self._looked_at = time.monotonic()
        return self.kind is None or identity(self.path) == self._file

    def close(self) -> None:
        for stream in list(self.streams):
            stream.close()
        self.connection.close(True)

    def _attach(self) -> None:
        """Open the file as it is, or an empty database in memory where there is none."""
        self.frozen = None
        if status_of(self._place) is None:
            connection = apsw.Connection(":memory:")
            self.kind = None
        else:
            before = signature(self.path)
            connection, self.kind, frozen = open_as_it_is(self.path)
            self.frozen = before if frozen else None
        try:
            self._marks = schema.marks(connection)
            if self.kind is schema.OLDER:
                from sloth_tui.store.sqlite.schema.upgrades import shadow_older

                shadow_older(connection)
            elif self.kind is not schema.OURS:
                schema.shadow(connection)
            self._prepare(connection)
        except UNREADABLE as error:
            connection.close(True)
            raise self.failure(error) from error
        self._use(connection)

    def _prepare(self, connection: apsw.Connection) -> None:
        """Set a new connection up for what it is used for."""
        connection.execute("PRAGMA query_only = 1")

    def _follow_file(self) -> None:
        """Open the file anew where it was removed or replaced: SQLite would write to the one that is gone."""
        if not self.is_current() and not self.depth:
            self._detach()
            self._attach()

    def _use(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._file = identity(self.path)
        self._looked_at = 0.0
        self.openings += 1
        is_told = self.kind is schema.OURS and self.frozen is None
        self.execute = connection.execute if is_told else self._execute_refreshed

    def _execute_refreshed(self, statement: str, bindings: Bindings = ()) -> apsw.Cursor:
        self.refresh()
        return self.connection.execute(statement, bindings)

    def _detach(self) -> None:
        self.drain_streams()
        self.connection.close(True)
