"""The private copy of a snapshot to which a handle makes its changes."""

from __future__ import annotations

from contextlib import suppress

from sloth_tui.errors import SlothError
from sloth_tui.settings import load_settings
from sloth_tui.store.clock import SharedClock
from sloth_tui.store.s3.copies import marks
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.entries.retention import sweep
from sloth_tui.store.sqlite.store import SqliteStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.s3.copies.host_copy import HostCopy, Known

_COUNT = "SELECT total_changes() + (SELECT page_count FROM pragma_page_count('main'))"
_IS_KEPT = "SELECT 1 FROM sloth_changes WHERE id = ?"


class Scratch:
    """A copy in memory; made anew after the snapshot changed, else kept from one change to the next."""

    def __init__(
        self,
        agent: str,
        copy: HostCopy,
        clock: Clock,
        origin: Origin | None,
        settings: Callable[[], Settings] = load_settings,
    ) -> None:
        self._agent = agent
        self._copy = copy
        self._clock = SharedClock(clock)
        """By which entries live."""
        self._origin = origin
        self._load_settings = settings
        self._settings: Settings | None = None
        self._store: SqliteStore | None = None
        self._database: Database | None = None
        self._base: Known | None = None
        self._change: tuple[str, int] | None = None
        """Birth mark of the database, and the change set that this handle has in it."""
        self._writes = 0
        self._swept = False
        self.base_commit = b""
        """The newest commit of the snapshot that was copied; empty if there is none."""

    @property
    def store(self) -> SqliteStore:
        assert self._store is not None
        return self._store

    @property
    def database(self) -> Database:
        assert self._database is not None
        return self._database

    @property
    def connection(self) -> Any:
        return self.database.connection

    @property
    def is_open(self) -> bool:
        return self._store is not None

    def at(self, base: Known) -> SqliteStore:
        """Return the copy of this snapshot, which the host's copy has."""
        if self._store is not None and self._base == base:
            return self._store
        self.drop()
        database = Database(
            self._copy.path,
            private=True,
            origin=self._origin,
            settings=self._read_settings,
            clock=self._clock,
            told=self._copy.told,
        )
        # What is deleted must not go on in the snapshots.
        database.execute("PRAGMA secure_delete = ON")
        if base.etag is None:
            # Lets compaction shrink the snapshot.
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
            database.execute("VACUUM")
        database.writes = self._writes
        self._database, self._store, self._base = database, SqliteStore(self._agent, database), base
        self.base_commit = marks.newest(marks.commits(database.connection))
        if self._change is not None and self._change[0] == base.birth:
            change = self._change[1]
            if database.execute(_IS_KEPT, (change,)).get is not None:
                database.change_set_id = change
        return self._store

    def committed(self, known: Known) -> None:
        """Tell that this copy is the newest snapshot now."""
        database = self.database
        self._base, self._writes = known, database.writes
        self.base_commit = marks.newest(marks.commits(database.connection))
        if database.change_set_id is not None:
            self._change = known.birth, database.change_set_id

    def count(self) -> int:
        """Return a value that grows, or changes, with every change to the copy."""
        found: int = self.connection.execute(_COUNT).get
        return found

    def sweep(self) -> None:
        """Forget old history, once in the life of a handle; it does so at most once an hour."""
        if not self._swept and self._database is not None:
            self._swept = True
            with suppress(SlothError):  # a later handle tries again
                sweep(self._database)

    def set_origin(self, origin: Origin) -> None:
        self._origin, self._change = origin, None
        if self._store is not None:
            self._store.set_origin(origin)

    def origin(self) -> Origin:
        if self._origin is None:
            from sloth_tui.origin import this_process

            self._origin = this_process("sloth-runner", "")
        return self._origin

    def drop(self) -> None:
        """Forget the copy, with what was changed in it."""
        database, self._store, self._database = self._database, None, None
        self._base = None
        if database is not None:
            database.close()

    def _read_settings(self) -> Settings:
        if self._settings is None:
            self._settings = self._load_settings()
        return self._settings
