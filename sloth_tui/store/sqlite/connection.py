"""One connection to one database file: opening, adopting, reading consistently, failing in words.

A handle opened for writing changes nothing before its first write. Until the database has our schema
(there is no file yet, or another program made it), temporary objects stand in for what is missing, and every
read first looks whether somebody has created or adopted it meanwhile.
"""

from __future__ import annotations

import os
import time

import apsw

from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.sqlite import schema
from sloth_tui.store.sqlite.failures import read_only, translate
from sloth_tui.store.sqlite.files import check_path
from sloth_tui.store.sqlite.opening import identity, make_durable, open_adopted, open_as_it_is, signature
from sloth_tui.store.sqlite.surplus import Resting
from sloth_tui.store.sqlite.transactions import Transaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias

    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.sqlite.streams import Stream

    Bindings: TypeAlias = Sequence[Any] | Mapping[str, Any]


_GLANCE = 0.002
"""Seconds for which a look at the place of the file counts."""


class Database:
    """A connection and what its handle needs to know between statements.

    ``execute`` runs one statement and raises the driver's errors; :meth:`rows`, :meth:`one` and the
    transactions ``writing`` (for entries: checks fences) and ``unfenced`` (for locks) raise ours.
    """

    __slots__ = (
        "_file",
        "_looked_at",
        "_marks",
        "change",
        "change_depth",
        "clock",
        "connection",
        "depth",
        "execute",
        "fences",
        "frozen",
        "kind",
        "logged",
        "openings",
        "origin",
        "path",
        "read_only",
        "resting",
        "settings",
        "streams",
        "unfenced",
        "writes",
        "writing",
    )

    execute: Callable[..., apsw.Cursor]
    kind: str | None
    """Which schema the database has, in the words of ``schema``; None without a file."""
    frozen: object
    """The signature of a file that is read as one that nobody changes; None otherwise."""
    logged: bool
    """Whether a database we may write has a write-ahead log. While nobody has it open, another program can
    take that away."""

    def __init__(
        self,
        path: str,
        *,
        read_only: bool = False,
        origin: Origin | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        # SQLite takes a link anywhere in the path for a link to the database.
        self.path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        check_path(self.path)
        self.read_only = read_only
        self.origin = origin
        self.clock = clock
        """Measures the time of locks."""
        self.fences: dict[str, int] = {}
        """Lock name -> token that every write of an entry must find held."""
        self.depth = 0
        self.change: int | None = None
        """The change set that writes belong to; None until the first write under this origin."""
        self.change_depth = 0
        """How deep in transactions the change set was begun; 0 once that is committed."""
        self.writes = 0
        """Changes of entries so far."""
        self.settings: Settings | None = None
        """What history keeps; None until that is needed."""
        self.resting = Resting()
        self.openings = 0
        self.streams: list[Stream] = []
        self.writing = Transaction(self, fenced=True)
        self.unfenced = Transaction(self, fenced=False)
        self._attach()

    # -- reading

    def rows(self, statement: str, bindings: Bindings = ()) -> list[tuple[Any, ...]]:
        """All rows, read from one snapshot."""
        try:
            return self.execute(statement, bindings).fetchall()
        except apsw.Error as error:
            raise translate(error, self.path) from error

    def one(self, statement: str, bindings: Bindings = ()) -> Any:
        """The only column, or the tuple of columns, of the only row; None where there is no row."""
        try:
            return self.execute(statement, bindings).get
        except apsw.Error as error:
            raise translate(error, self.path) from error

    def change_token(self) -> int:
        """Differs from the last one if another connection committed since or made the database."""
        # Connection.data_version() would be cheaper, but it is stale until the connection next reads.
        self._follow_file()
        version: int = self.one("PRAGMA data_version")
        return self.openings << 32 | version

    # -- writing

    def prepare_write(self) -> None:
        """Make the database ours if it is not yet. Raises NotWritable, DatabaseUnusable."""
        if self.read_only:
            raise read_only(self.path)
        self._follow_file()
        if self.kind is not schema.OURS or not self.logged:
            self._adopt()

    def drain_streams(self) -> None:
        """Read unfinished results to their end, so that what follows does not show in them, or end them."""
        for stream in self.streams:
            stream.drain()
        self.streams.clear()

    def set_origin(self, origin: Origin) -> None:
        """Who makes the changes from now on."""
        self.origin = origin
        self.change = None

    # -- opening and closing

    def refresh(self) -> None:
        """Notice that somebody else has created, adopted or changed the database where SQLite does not tell;
        cheap when nothing did."""
        if self.kind is None:
            changed = os.path.lexists(self.path)
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

    def was_current(self) -> bool:
        """Whether it is, or was a moment ago: to look before each of many writes would take a tenth of their
        time. What is written in that moment is as if it had been written before the file was replaced."""
        return time.monotonic() - self._looked_at < _GLANCE or self.is_current()

    def close(self) -> None:
        for stream in list(self.streams):
            stream.close()
        self.connection.close(True)

    def _attach(self) -> None:
        """Open the file as it is, or an empty database in memory where there is none."""
        self.frozen = None
        if not os.path.lexists(self.path):
            connection = apsw.Connection(":memory:")
            self.kind = None
        else:
            before = signature(self.path)
            connection, self.kind, frozen = open_as_it_is(self.path)
            self.frozen = before if frozen else None
        try:
            self._marks = schema.marks(connection)
            if self.kind is schema.OLDER:
                from sloth_tui.store.sqlite.upgrades import shadow_older

                shadow_older(connection)
            elif self.kind is not schema.OURS:
                schema.shadow(connection)
            if self.read_only:
                connection.execute("PRAGMA query_only = 1")
            else:
                make_durable(connection)
                self.logged = connection.execute("PRAGMA main.journal_mode").get == "wal"
        except apsw.Error as error:
            connection.close(True)
            raise translate(error, self.path) from error
        self._use(connection)

    def _adopt(self) -> None:
        connection = open_adopted(self.path)
        self._detach()
        self.kind, self.frozen, self.logged = schema.OURS, None, True
        self._use(connection)

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
