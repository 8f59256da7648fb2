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
from sloth_tui.store.sqlite.failures import BUSY_SECONDS, read_only, translate
from sloth_tui.store.sqlite.files import check_file, create_file
from sloth_tui.store.sqlite.transactions import Transaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from sloth_tui.model import Origin
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.sqlite.streams import Stream

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW


class Database:
    """A connection and what its handle needs to know between statements.

    ``execute`` runs one statement and raises the driver's errors; :meth:`rows`, :meth:`one` and the
    transactions ``writing`` (for entries: checks fences) and ``unfenced`` (for locks) raise ours.
    """

    __slots__ = (
        "change",
        "change_depth",
        "clock",
        "connection",
        "depth",
        "execute",
        "fences",
        "kind",
        "limits",
        "openings",
        "origin",
        "path",
        "read_only",
        "streams",
        "unfenced",
        "writes",
        "writing",
    )

    execute: Callable[..., apsw.Cursor]

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
        self.limits: tuple[int, float] | None = None
        """Revisions of each key, and days of deletions, that history keeps; None until they are needed."""
        self.openings = 0
        self.streams: list[Stream] = []
        self.writing = Transaction(self, fenced=True)
        self.unfenced = Transaction(self, fenced=False)
        self._attach()

    # -- reading

    def rows(self, statement: str, bindings: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows, read from one snapshot."""
        try:
            return self.execute(statement, bindings).fetchall()
        except apsw.Error as error:
            raise translate(error, self.path) from error

    def one(self, statement: str, bindings: Sequence[Any] = ()) -> Any:
        """The only column, or the tuple of columns, of the only row; None where there is no row."""
        try:
            return self.execute(statement, bindings).get
        except apsw.Error as error:
            raise translate(error, self.path) from error

    def change_token(self) -> int:
        """Differs from the last one if another connection committed since or made the database."""
        # Connection.data_version() would be cheaper, but it is stale until the connection next reads.
        version: int = self.one("PRAGMA data_version")
        return self.openings << 32 | version

    # -- writing

    def prepare_write(self) -> None:
        """Make the database ours if it is not yet. Raises NotWritable, DatabaseUnusable."""
        if self.read_only:
            raise read_only(self.path)
        for stream in self.streams:
            stream.drain()
        self.streams.clear()
        if self.kind is not schema.OURS:
            self._adopt()

    def set_origin(self, origin: Origin) -> None:
        """Who makes the changes from now on."""
        self.origin = origin
        self.change = None

    # -- opening and closing

    def refresh(self) -> None:
        """Notice that somebody else has created or adopted the database; cheap when nothing changed."""
        if self.kind is schema.OURS:
            return
        if self.kind is None:
            changed = os.path.lexists(self.path)
        else:
            changed = self.connection.execute("PRAGMA main.application_id").get == schema.APPLICATION_ID
        if changed:
            self._detach()
            self._attach()

    def close(self) -> None:
        for stream in list(self.streams):
            stream.close()
        self.connection.close(True)

    def _attach(self) -> None:
        """Open the file as it is, or an empty database in memory where there is none."""
        if not os.path.lexists(self.path):
            connection = apsw.Connection(":memory:")
            self.kind = None
        else:
            check_file(self.path)
            connection = self._open()
            self.kind = self._inspect(connection)
        try:
            if self.kind is not schema.OURS:
                schema.shadow(connection)
            connection.execute("PRAGMA query_only = 1" if self.read_only else "PRAGMA synchronous = FULL")
        except apsw.Error as error:
            connection.close(True)
            raise translate(error, self.path) from error
        self._use(connection)

    def _use(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self.openings += 1
        self.execute = connection.execute if self.kind is schema.OURS else self._execute_refreshed

    def _execute_refreshed(self, statement: str, bindings: Sequence[Any] = ()) -> apsw.Cursor:
        self.refresh()
        return self.connection.execute(statement, bindings)

    def _detach(self) -> None:
        for stream in self.streams:
            stream.drain()
        self.streams.clear()
        self.connection.close(True)

    def _open(self) -> apsw.Connection:
        try:
            connection = apsw.Connection(self.path, flags=_FLAGS)
            connection.set_busy_handler(Patience())
            connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        except apsw.Error as error:
            raise translate(error, self.path) from error
        return connection

    def _inspect(self, connection: apsw.Connection) -> str:
        """What the database is; one that is refused is closed without leaving a trace."""
        has_log = os.path.lexists(self.path + "-wal")
        try:
            return schema.inspect(connection, self.path)
        except BaseException as error:
            if has_log:
                connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            connection.close(True)
            if isinstance(error, apsw.Error):
                raise translate(error, self.path) from error
            raise

    def _adopt(self) -> None:
        if self.kind is None:
            create_file(self.path)
        self._detach()
        check_file(self.path)
        connection = self._open()
        try:
            connection.execute("PRAGMA synchronous = FULL")
            _switch_to_log(connection)
            connection.execute("BEGIN IMMEDIATE")
            if schema.inspect(connection, self.path) is not schema.OURS:
                schema.install(connection)
            connection.execute("COMMIT")
        except BaseException as error:
            connection.close(True)
            self._attach()
            if isinstance(error, apsw.Error):
                raise translate(error, self.path) from error
            raise
        self.kind = schema.OURS
        self._use(connection)


class Patience:
    """A busy handler: naps of random length until the deadline.

    Measured against a plain timeout, exponential back-off and flock: four contending writers get fair shares
    and wait under 60 ms at worst.
    """

    __slots__ = ("_deadline",)

    def __init__(self) -> None:
        self._deadline = 0.0

    def __call__(self, tries: int) -> bool:
        from random import random

        now = time.monotonic()
        if tries == 0:
            self._deadline = now + BUSY_SECONDS
        elif now > self._deadline:
            return False
        time.sleep(random() * 0.001)  # noqa: S311
        return True


def _switch_to_log(connection: apsw.Connection) -> None:
    """Write-ahead logging. The switch needs the file for itself, and SQLite does not always ask the busy
    handler for that."""
    patience, tries = Patience(), 0
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except apsw.BusyError:
            if not patience(tries):
                raise
            tries += 1
