"""The database of a whole store: writes, their origin, and their transactions.

A handle opened for writing changes nothing before its first write.
"""

from __future__ import annotations

import time

import apsw

from sloth_tui.errors import NotWritable
from sloth_tui.settings import load_settings
from sloth_tui.store.sqlite.engine.connection import OpenDatabase, as_it_is
from sloth_tui.store.sqlite.engine.opening import make_durable
from sloth_tui.store.sqlite.schema import CURRENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from sloth_tui.errors import SlothError
    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock

_RECHECK_SECONDS = 0.002
"""How long a check of the file's path stays valid."""
_MAX_TRIMMED_KEYS = 1024


class Database(OpenDatabase):
    """A connection, and the state of its handle between statements."""

    __slots__ = (
        "_fenced",
        "_read_only",
        "_unfenced",
        "before_upgrade",
        "change_set_depth",
        "change_set_id",
        "erased",
        "expire",
        "fences",
        "logged",
        "made",
        "origin",
        "read_settings",
        "recently_trimmed",
        "settings",
        "writes",
    )

    logged: bool
    """True if a writable database has a write-ahead log. Another program can remove the log while no process
    has the database open."""

    def __init__(
        self,
        path: str | None,
        *,
        read_only: bool = False,
        private: bool = False,
        origin: Origin | None = None,
        settings: Callable[[], Settings] = load_settings,
        clock: Clock | None = None,
        before_upgrade: Callable[[str], object] = lambda path: None,
        told: Callable[[SlothError], SlothError] = as_it_is,
    ) -> None:
        self._read_only = read_only
        self.origin = origin
        self.expire: Callable[[Database], object] = _leave
        """Deletes the entries whose time to live is over, if there are any. Called at the beginning of each
        transaction that changes entries, unless no entry has a time to live."""
        self.before_upgrade = before_upgrade
        """Called with the path before an older schema is upgraded."""
        self.fences: dict[str, int] = {}
        """Lock name -> token that must be held for every write of an entry."""
        self.change_set_id: int | None = None
        """The change set that writes belong to; None until the first write under this origin."""
        self.change_set_depth = 0
        """Depth of the transaction in which the change set began; 0 once that is committed."""
        self.made: list[str] | None = None
        """The directories created for a file that this handle created and has committed nothing to; else
        None."""
        self.erased = False
        """True if data was deleted that must not remain in the log either."""
        self.writes = 0
        """Number of entries written so far."""
        self.settings: Settings | None = None
        """The settings; None until they are needed."""
        self.read_settings = settings
        self.recently_trimmed = RecentlyTrimmed()
        self._fenced = Transaction(self, fenced=True)
        self._unfenced = Transaction(self, fenced=False)
        super().__init__(path, private=private, clock=clock, told=told)

    @property
    def read_only(self) -> bool:
        return self._read_only

    def prepare_write(self) -> None:
        """Add our schema to the database if it lacks it. Raises NotWritable, DatabaseUnusable."""
        if self.read_only:
            from sloth_tui.store.sqlite.engine.errors import read_only

            raise read_only(self.path)
        self._follow_file()
        if self.kind is not CURRENT or not self.logged:
            self._adopt()

    def close(self) -> None:
        super().close()
        if self.made is not None:
            from sloth_tui.store.sqlite.engine.undone import take_back

            take_back(self.path, self.made)

    def empty_log(self) -> None:
        """Copy the log into the database and truncate it, unless another connection reads from it. Erased
        data is still in the log, which stays as long as any connection has the database open."""
        self.connection.set_busy_timeout(0)
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def transaction(self, *, fenced: bool) -> Transaction:
        """Return the ``with`` block for writes: ``fenced`` for entries, whose writes check fences, or not for
        locks and upkeep. Blocks nest."""
        return self._fenced if fenced else self._unfenced

    def set_origin(self, origin: Origin) -> None:
        """Record ``origin`` as the author of later changes."""
        self.origin = origin
        self.change_set_id = None

    def was_current(self) -> bool:
        """Return True if :meth:`is_current`, now or a moment ago: a check before each of many writes would
        take a tenth of their time. A write in that moment counts as made before the file was replaced."""
        return time.monotonic() - self._looked_at < _RECHECK_SECONDS or self.is_current()

    def _prepare(self, connection: apsw.Connection) -> None:
        if self.read_only:
            super()._prepare(connection)
        elif self.private:
            self.logged = True  # nothing is missing for a write
        else:
            make_durable(connection)
            self.logged = connection.execute("PRAGMA main.journal_mode").get == "wal"

    def _adopt(self) -> None:
        from sloth_tui.store.sqlite.engine.adopting import open_adopted

        connection, made, file = open_adopted(self.path, before_upgrade=self.before_upgrade)
        self.made = self.made if made is None else made
        self._detach()
        self.kind, self.frozen, self.logged = CURRENT, None, True
        self._use(connection, file)


class RecentlyTrimmed:
    """Keys that a handle need not trim again so soon. A key that is written in a tight loop always has more
    revisions than the limit, because rows must reach an age before they are forgotten."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[bytes, float] = {}

    def includes(self, key: bytes) -> bool:
        until = self._until.get(key)
        return until is not None and time.monotonic() < until

    def add(self, key: bytes, seconds: float) -> None:
        if len(self._until) >= _MAX_TRIMMED_KEYS:
            self._until.clear()
        self._until[key] = time.monotonic() + seconds


class Transaction:
    """A reusable, nestable ``with`` block: the writes inside happen together or not at all.

    ``fenced`` blocks check, inside the transaction, that every lock in ``database.fences`` is still held: on
    entry, and before the outermost block commits. Raises LockLost.
    """

    __slots__ = ("_database", "_fenced")

    def __init__(self, database: Database, *, fenced: bool) -> None:
        self._database = database
        self._fenced = fenced

    def __enter__(self) -> None:
        database = self._database
        database.drain_cursors()
        try:
            if database.depth:
                self._require_open()
                database.execute(f"SAVEPOINT level{database.depth}")
            else:
                database.prepare_write()
                database.execute("BEGIN IMMEDIATE")
        except apsw.Error as error:
            raise database.failure(error) from error
        database.depth += 1
        if not self._fenced:
            return
        try:
            if database.fences and database.depth > 1:
                self._check_fences()
            if database.data_version() != database.untimed:
                database.expire(database)
        except BaseException:
            self._roll_back()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._finish()
            except apsw.Error as failure:
                self._roll_back()
                raise self._database.failure(failure) from failure
            except BaseException:
                self._roll_back()
                raise
            return
        self._roll_back()
        if isinstance(error, apsw.Error):
            raise self._database.failure(error) from error

    def _finish(self) -> None:
        database = self._database
        database.drain_cursors()
        self._require_open()
        if database.depth > 1:
            database.execute(f"RELEASE level{database.depth - 1}")
        else:
            if self._fenced and database.fences:
                self._check_fences()
            database.execute("COMMIT")
            database.made = None
        database.depth -= 1
        database.change_set_depth = min(database.change_set_depth, database.depth)

    def _roll_back(self) -> None:
        """Undo this block. SQLite may have rolled back everything by itself, on a full disk for example."""
        database = self._database
        database.depth -= 1
        database.forget_deadlines()
        if database.change_set_depth > database.depth:
            database.change_set_id = None
            database.change_set_depth = 0
        try:
            database.drain_cursors()
        finally:
            _undo(database)

    def _require_open(self) -> None:
        if not self._database.connection.in_transaction:
            error = NotWritable(
                f"{self._database.path}: the transaction was rolled back after an error",
                hint="nothing of it was written",
            )
            raise self._database.told(error)

    def _check_fences(self) -> None:
        from sloth_tui.store.sqlite.engine.lease import check_fences

        check_fences(self._database, self._database.fences, self._database.clock)


def _leave(database: Database) -> None:
    """Delete nothing: the handle writes no entries."""


def _undo(database: Database) -> None:
    if not database.connection.in_transaction:
        return
    try:
        if database.depth:
            database.execute(f"ROLLBACK TO level{database.depth}")
            database.execute(f"RELEASE level{database.depth}")
        else:
            database.execute("ROLLBACK")
    except apsw.Error as error:
        raise database.failure(error) from error
