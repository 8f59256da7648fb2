"""Commits since the last check that affect an index of the keys."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

MANY = 4096
"""Number of changed keys from which reading the whole index again is better."""

# INSERT OR REPLACE by another program keeps the key but moves it to a new row, so every change by other
# programs counts; our changes have a change set.
_CAME_OR_WENT = """
    SELECT DISTINCT CAST(key AS BLOB) FROM sloth_history
    WHERE revision > ? AND (old IS NULL OR operation = 'delete' OR change IS NULL) LIMIT ?"""
_NEWEST = "SELECT coalesce(max(revision), 0) FROM sloth_history"


class Changes:
    """Detects changes on one connection, which must not write: it would not see its own commits."""

    def __init__(self, connection: apsw.Connection, *, recorded: bool) -> None:
        """``recorded``: True if the database has our history."""
        self._connection = connection
        self._recorded = recorded
        self._schema = self._number("PRAGMA schema_version")
        self._data = self._number("PRAGMA data_version")
        self._revision = self._number(_NEWEST)

    def moved(self) -> bool:
        """Return True if another connection committed since the last call. Takes microseconds."""
        before, self._data = self._data, self._number("PRAGMA data_version")
        return self._data != before

    def came_or_went(self) -> set[bytes] | None:
        """Return the keys that were added, deleted or moved to another row since the last call. None: too
        many, or unknown, because tables changed or all rows got new numbers (VACUUM)."""
        schema, self._schema = self._schema, self._number("PRAGMA schema_version")
        since, self._revision = self._revision, self._number(_NEWEST)
        if schema != self._schema or self._revision < since or not self._recorded:
            return None
        found = self._connection.execute(_CAME_OR_WENT, (since, MANY + 1)).fetchall()
        return None if len(found) > MANY else {key for (key,) in found if isinstance(key, bytes)}

    def _number(self, statement: str) -> int:
        number = self._connection.execute(statement).get
        assert isinstance(number, int)
        return number
