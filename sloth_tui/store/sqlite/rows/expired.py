"""Entries that are past their time to live, and that no writer has deleted yet."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.engine.connection import OpenDatabase


class Expired:
    """Leaves such entries out of an index, and tells which they are."""

    def __init__(self, database: OpenDatabase) -> None:
        self._database = database
        self._keys: frozenset[bytes] = frozenset()
        self._known: frozenset[bytes] = frozenset()
        """Those that the last call of :meth:`changed` knew."""

    def moved(self) -> bool:
        """Return True if there are others than at the last call. Call it when the version of the database has
        just been read; takes microseconds while nothing is due."""
        before, self._keys = self._keys, self._read()
        return self._keys != before

    def changed(self) -> frozenset[bytes]:
        """Return the keys that came and went since the last call."""
        before, self._known = self._known, self._keys
        return before ^ self._keys

    def hide(self, statement: str) -> str:
        """Return a statement on ``FROM state WHERE ...``, without these entries."""
        if not self._keys:
            return statement
        from sloth_tui.store.sqlite.engine.deadlines import without_expired

        return without_expired(statement, self._database.clock)

    def _read(self) -> frozenset[bytes]:
        database = self._database
        if database.data_version() == database.untimed or database.is_settled():
            return frozenset()
        from sloth_tui.store.sqlite.engine.deadlines import overdue

        rows = database.rows(f"SELECT CAST(key AS BLOB) FROM ({overdue(database.clock)})")
        return frozenset(key for (key,) in rows)
