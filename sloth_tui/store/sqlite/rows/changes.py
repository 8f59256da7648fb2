"""What was committed to the database since the last look, as far as an index of its keys is concerned."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

MANY = 4096
"""So many keys that it is better to read all of them again than each."""

# An INSERT OR REPLACE of another program keeps the key but moves it to a new row, so that every change by
# others counts; changes of ours have a change set.
_CAME_OR_WENT = """
    SELECT DISTINCT CAST(key AS BLOB) FROM sloth_history
    WHERE revision > ? AND (old IS NULL OR operation = 'delete' OR change IS NULL) LIMIT ?"""
_NEWEST = "SELECT coalesce(max(revision), 0) FROM sloth_history"


class Changes:
    """Looks from one connection, which must not write itself: its own commits it would not see."""

    def __init__(self, connection: apsw.Connection, *, recorded: bool) -> None:
        """``recorded``: the database has our history."""
        self._connection = connection
        self._recorded = recorded
        self._schema = self._number("PRAGMA schema_version")
        self._data = self._number("PRAGMA data_version")
        self._revision = self._number(_NEWEST)

    def moved(self) -> bool:
        """Whether anybody committed since the last call; microseconds."""
        before, self._data = self._data, self._number("PRAGMA data_version")
        return self._data != before

    def came_or_went(self) -> set[bytes] | None:
        """Keys that were added, deleted or moved to another row since the last call. None: too many, or not
        known; tables may have changed, or all rows have got new numbers (VACUUM)."""
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
