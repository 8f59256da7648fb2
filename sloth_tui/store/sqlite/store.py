"""The SQLite store: all parts of it on one handle."""

from __future__ import annotations

import apsw

from sloth_tui.errors import SlothError
from sloth_tui.store.sqlite.entries.retention import sweep
from sloth_tui.store.sqlite.entries.writing import EntryWriting
from sloth_tui.store.sqlite.history.revisions import HistoryMethods
from sloth_tui.store.sqlite.history.undo import Undoing
from sloth_tui.store.sqlite.locks.locks import Locking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import KeyGroup, Origin, Standing, Stats
    from sloth_tui.store.sqlite.rows.window import Window


class SqliteStore(EntryWriting, HistoryMethods, Undoing, Locking):
    """See :class:`sloth_tui.store.port.Store`."""

    __slots__ = ()

    def set_origin(self, origin: Origin) -> None:
        self._database.set_origin(origin)

    def stats(self) -> Stats:
        from sloth_tui.store.sqlite.stats import read_stats

        return read_stats(self._database, len(self.locks()), self.complete_since())

    def groups(self) -> Iterator[KeyGroup]:
        from sloth_tui.store.sqlite.surveys import groups

        return groups(self._database)

    def standings(self, order: str, limit: int) -> list[Standing]:
        from sloth_tui.store.sqlite.surveys import standings

        return standings(self._database, order, limit)

    def problems(self) -> list[str]:
        from sloth_tui.store.sqlite.surveys import problems

        return problems(self._database)

    def change_token(self) -> int:
        return self._database.change_token()

    def window(self) -> Window:
        """Rows for a table, on a connection of its own: see :mod:`sloth_tui.store.sqlite.rows.window`."""
        from sloth_tui.store.sqlite.rows.window import Window

        return Window(self._database.path)

    def interrupt(self) -> None:
        try:
            self._database.connection.interrupt()
        except apsw.ConnectionClosedError:
            return

    def close(self) -> None:
        database = self._database
        try:
            if database.writes and not database.depth and database.made is None:
                sweep(database)
            if database.erased and not database.depth:
                database.empty_log()
        except (apsw.Error, SlothError):
            return  # what was written is safe, and forgetting can wait for the next handle
        finally:
            super().close()
