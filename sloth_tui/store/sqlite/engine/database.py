"""A database that a whole store works on: what is written, in whose name, and in which transaction.

A handle opened for writing changes nothing before its first write.
"""

from __future__ import annotations

import time

from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.sqlite.engine.connection import OpenDatabase
from sloth_tui.store.sqlite.engine.errors import read_only as is_read_only
from sloth_tui.store.sqlite.engine.opening import make_durable, open_adopted
from sloth_tui.store.sqlite.schema import tables as schema
from sloth_tui.store.sqlite.surplus import Resting
from sloth_tui.store.sqlite.transactions import Transaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock

_GLANCE = 0.002
"""Seconds for which a look at the place of the file counts."""


class Database(OpenDatabase):
    """A connection and what its handle needs to know between statements.

    The transactions are ``writing`` (for entries: checks fences) and ``unfenced`` (for locks).
    """

    __slots__ = (
        "_read_only",
        "change",
        "change_depth",
        "clock",
        "erased",
        "fences",
        "logged",
        "made",
        "origin",
        "resting",
        "settings",
        "unfenced",
        "writes",
        "writing",
    )

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
        self._read_only = read_only
        self.origin = origin
        self.clock = clock
        """Measures the time of locks."""
        self.fences: dict[str, int] = {}
        """Lock name -> token that every write of an entry must find held."""
        self.change: int | None = None
        """The change set that writes belong to; None until the first write under this origin."""
        self.change_depth = 0
        """How deep in transactions the change set was begun; 0 once that is committed."""
        self.made: list[str] | None = None
        """The directories made for a file that this handle made and has committed nothing to; else None."""
        self.erased = False
        """Whether something was deleted or dropped that nobody is to find in the log either."""
        self.writes = 0
        """Changes of entries so far."""
        self.settings: Settings | None = None
        """What history keeps; None until that is needed."""
        self.resting = Resting()
        self.writing = Transaction(self, fenced=True)
        self.unfenced = Transaction(self, fenced=False)
        super().__init__(path)

    @property
    def read_only(self) -> bool:
        return self._read_only

    def prepare_write(self) -> None:
        """Make the database ours if it is not yet. Raises NotWritable, DatabaseUnusable."""
        if self.read_only:
            raise is_read_only(self.path)
        self._follow_file()
        if self.kind is not schema.OURS or not self.logged:
            self._adopt()

    def close(self) -> None:
        super().close()
        if self.made is not None:
            from sloth_tui.store.sqlite.engine.undone import take_back

            take_back(self.path, self.made)

    def empty_log(self) -> None:
        """Bring the log into the database and cut it off, unless somebody reads from it at this moment. What
        was erased still stands in it, and whoever has the database open keeps it there."""
        self.connection.set_busy_timeout(0)
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def set_origin(self, origin: Origin) -> None:
        """Who makes the changes from now on."""
        self.origin = origin
        self.change = None

    def was_current(self) -> bool:
        """Whether it is, or was a moment ago: to look before each of many writes would take a tenth of their
        time. What is written in that moment is as if it had been written before the file was replaced."""
        return time.monotonic() - self._looked_at < _GLANCE or self.is_current()

    def _prepare(self, connection: apsw.Connection) -> None:
        if self.read_only:
            super()._prepare(connection)
        else:
            make_durable(connection)
            self.logged = connection.execute("PRAGMA main.journal_mode").get == "wal"

    def _adopt(self) -> None:
        connection, made = open_adopted(self.path)
        self.made = self.made if made is None else made
        self._detach()
        self.kind, self.frozen, self.logged = schema.OURS, None, True
        self._use(connection)
