"""Writing entries."""

from __future__ import annotations

from sloth_tui.errors import InvalidValue
from sloth_tui.store.sqlite.entries.origins import change_of
from sloth_tui.store.sqlite.entries.reading import EntryReading
from sloth_tui.store.sqlite.entries.retention import keep_within_limits
from sloth_tui.store.sqlite.sql.expressions import NEXT_REVISION, NOW
from sloth_tui.store.sqlite.sql.keys import KEY
from sloth_tui.store.sqlite.sql.rows import RAW_VALUE, decode_raw, whole_or_none
from sloth_tui.values.codec import (
    MAX_INTEGER,
    MIN_INTEGER,
    added,
    check_key,
    encode,
    key_bytes,
    same,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import AbstractContextManager
    from types import ModuleType
    from typing import Any

    from sloth_tui.model import Value
    from sloth_tui.store.sqlite.engine.database import Database
    from sloth_tui.values.codec import Stored

# An entry with a time to live takes the general way: it may be over.
_UNTIMED = "NOT EXISTS (SELECT 1 FROM sloth_ttl WHERE sloth_ttl.key = state.key)"
_OVERWRITE = (
    f"UPDATE state SET value = ?, type = ?, updated_at = {NOW}, revision = {NEXT_REVISION}, change = ? "
    f"WHERE key = ? AND NOT (value IS ? AND type IS ?) AND {_UNTIMED} RETURNING revision"
)
# Only digits in our own format, and only if the sum fits an integer: SQLite would turn it into a float.
_ADD = (
    "UPDATE state SET value = CAST(value AS INTEGER) + ?, "
    f"updated_at = {NOW}, revision = {NEXT_REVISION}, change = ? "
    "WHERE key = ? AND type = 'integer' AND CAST(CAST(value AS INTEGER) AS TEXT) = value "
    f"AND CAST(value AS INTEGER) BETWEEN ? AND ? AND {_UNTIMED} RETURNING value, revision"
)
_CURRENT = f"SELECT revision, {RAW_VALUE} FROM state WHERE key = ?"
_INSERT = (
    "INSERT INTO state (key, value, type, created_at, updated_at, revision, change) "
    f"VALUES (?, ?, ?, {NOW}, {NOW}, {NEXT_REVISION}, ?) RETURNING revision"
)
_UPDATE = (
    f"UPDATE state SET value = ?, type = ?, updated_at = {NOW}, revision = {NEXT_REVISION}, change = ? "
    "WHERE key = ? RETURNING revision"
)
_NEWEST = "SELECT coalesce(max(revision), 0) FROM sloth_history"
_DELETE = f"DELETE FROM state WHERE key = {KEY}"
_STAMP = "UPDATE sloth_history SET change = ? WHERE revision > ?"


class EntryWriting(EntryReading):
    """See :class:`sloth_tui.store.port.Entries`.

    The most frequent writes, replacing or incrementing the value of an existing key, take a single statement
    and need no transaction around it. Neither does deleting a key that is absent, unless there is a fence to
    check. If such a statement changes nothing, or one statement is not enough, the general way is taken:
    read, decide, write, in one transaction.
    """

    __slots__ = ()

    _database: Database

    def __init__(self, agent: str, database: Database) -> None:
        super().__init__(agent, database)
        database.expire = _expire_overdue

    def set(self, key: str, value: Value, *, ttl: float | None = None, keep_ttl: bool = False) -> int:
        check_key(key)
        kind, stored = encode(value)
        limit = _limit(ttl, keep=keep_ttl)
        revision = self._overwrite(key, kind, stored) if ttl is None else None
        if revision is not None:
            return revision
        with self._database.transaction(fenced=True):
            revision, written = self._put(key, value, kind, stored, self._current(key), limit)
        self._wrote(key, revision, written)
        return revision

    def set_many(self, values: Mapping[str, Value], *, ttls: Mapping[str, float] | None = None) -> int:
        encoded = [(check_key(key), value, *encode(value)) for key, value in values.items()]
        limits = {key: _limit(seconds, keep=False) for key, seconds in (ttls or {}).items()}
        if not encoded:
            return 0
        with self._database.transaction(fenced=True):
            written = 0
            for key, value, kind, stored in encoded:
                if key not in limits and self._overwrite(key, kind, stored) is not None:
                    written += 1
                    continue
                current = self._current(key)
                revision, differs = self._put(key, value, kind, stored, current, limits.get(key, 0.0))
                self._wrote(key, revision, differs)
                written += differs
            return written

    def delete(self, key: str) -> bool:
        if not self._database.fences and not self.exists(key):
            return False
        database = self._database
        with database.transaction(fenced=True):
            if not self.exists(key):
                return False
            newest, change = database.execute(_NEWEST).get, change_of(database)
            database.execute(_DELETE, (key_bytes(key),))
            database.execute(_STAMP, (change, newest))
            database.writes += 1
            database.erased = True
        return True

    def delete_many(self, keys: Iterable[str]) -> int:
        wanted = dict.fromkeys(keys)
        if not self._database.fences and not any(map(self.exists, wanted)):
            return 0
        with self._database.transaction(fenced=True):
            return sum(map(self.delete, wanted))

    def delete_prefix(self, prefix: str) -> int:
        if not self._database.fences and not self.count(prefix):
            return 0
        # Imported here: setting one value needs neither.
        from sloth_tui.store.sqlite.entries import bulk
        from sloth_tui.store.sqlite.entries.selection import KeySelection

        database, selection = self._database, KeySelection(prefix)
        with database.transaction(fenced=True):
            if not self.count(prefix):
                return 0
            database.writes += 1
            database.erased = True
            return bulk.delete(database, selection.entries, selection.bindings, change_of(database))

    def increment(self, key: str, by: int | float = 1) -> int | float:
        check_key(key)
        if isinstance(by, bool) or not isinstance(by, int | float):
            raise InvalidValue("a number can only be incremented by a number")
        encode(by)
        sum_now = self._add(key, by) if isinstance(by, int) and by else None
        if sum_now is not None:
            return sum_now
        with self._database.transaction(fenced=True):
            current = self._current(key)
            total = added(key, 0 if current is None else current[1], by)
            revision, written = self._put(key, total, *encode(total), current, None)
        self._wrote(key, revision, written)
        return total

    def set_if_absent(self, key: str, value: Value, *, ttl: float | None = None) -> bool:
        return self.compare_and_set(key, None, value, ttl=ttl)

    def compare_and_set(self, key: str, old: Value | None, new: Value, *, ttl: float | None = None) -> bool:
        return self._set_if(key, new, ttl, lambda current: same(old, None if current is None else current[1]))

    def compare_and_set_revision(
        self, key: str, revision: int, new: Value, *, ttl: float | None = None
    ) -> bool:
        return self._set_if(key, new, ttl, lambda current: (current[0] if current else 0) == revision)

    def transaction(self) -> AbstractContextManager[None]:
        """See the port. Other programs can read meanwhile, but not write."""
        return self._database.transaction(fenced=True)

    def _is_simple(self) -> bool:
        """Return True if a write may be a single statement."""
        database = self._database
        return (
            database.change_set_id is not None
            and not database.fences
            and not database.cursors
            and (database.connection.in_transaction if database.depth else database.was_current())
        )

    def _overwrite(self, key: str, kind: str | None, stored: Stored) -> int | None:
        """Replace the value of an entry by a different one; return the revision, or None if nothing was
        written."""
        if kind == "table" or not self._is_simple():
            return None
        database = self._database
        revision: int | None = database.one(
            _OVERWRITE, (stored, kind, database.change_set_id, key, stored, kind)
        )
        if revision is not None:
            keep_within_limits(database, key, revision)
        return revision

    def _add(self, key: str, by: int) -> int | None:
        """Add to an integer; return the sum, or None if nothing was written."""
        if not self._is_simple():
            return None
        database = self._database
        low, high = max(MIN_INTEGER, MIN_INTEGER - by), min(MAX_INTEGER, MAX_INTEGER - by)
        added: tuple[str, int] | None = database.one(_ADD, (by, database.change_set_id, key, low, high))
        if added is None:
            return None
        total, revision = added
        keep_within_limits(database, key, revision)
        return int(total)

    def _set_if(
        self,
        key: str,
        new: Value,
        ttl: float | None,
        holds: Callable[[tuple[int | None, Value] | None], bool],
    ) -> bool:
        check_key(key)
        kind, stored = encode(new)
        limit = _limit(ttl, keep=True)
        with self._database.transaction(fenced=True):
            current = self._current(key)
            if not holds(current):
                return False
            revision, written = self._put(key, new, kind, stored, current, limit)
        self._wrote(key, revision, written)
        return True

    def _current(self, key: str) -> tuple[int | None, Value] | None:
        """Return revision and value; None if the key is absent."""
        found = self._database.made_of(_revision_and_value, _CURRENT, (key,))
        return found[0] if found else None

    def _put(
        self,
        key: str,
        value: Value,
        kind: str | None,
        stored: Stored,
        current: tuple[int | None, Value] | None,
        limit: float | None,
    ) -> tuple[int, bool]:
        """Write the value if it differs; return the entry's revision, and True if it was written. ``limit``:
        the seconds it then has to live; 0: there is no end; None: it keeps the time to live it has."""
        database = self._database
        untimed = not limit and database.data_version() == database.untimed
        if current is not None and same(current[1], value):
            if limit is not None and not untimed:
                _expiring().limit(database, key, limit)
            return current[0] or 0, False
        kept = None if untimed or current is None else _expiring().kept(database, key)
        if current is None:
            revision: int = database.execute(_INSERT, (key, stored, kind, change_of(database))).get
        else:
            revision = database.execute(_UPDATE, (stored, kind, change_of(database), key)).get
        # The triggers have taken the time to live away.
        if limit:
            _expiring().limit(database, key, limit)
        elif limit is None and kept is not None:
            _expiring().put_back(database, key_bytes(key), kept)
        return revision, True

    def _wrote(self, key: str, revision: int, written: bool) -> None:
        if written:
            keep_within_limits(self._database, key, revision)


def _limit(ttl: float | None, *, keep: bool) -> float | None:
    """Return what an entry then has to live: seconds, 0 for no end, None for what it has. Raises
    UsageError."""
    if ttl is not None:
        from sloth_tui.store.ttl_rules import check_ttl

        return check_ttl(ttl)
    return None if keep else 0.0


def _expire_overdue(database: Database) -> None:
    if database.is_settled() and (database.deadlines is None or not database.deadlines.of_another_boot):
        return
    _expiring().expire_overdue(database)


def _expiring() -> ModuleType:
    """Return what only stores need where an entry has a time to live."""
    from sloth_tui.store.sqlite.entries import expiring

    return expiring


def _revision_and_value(row: tuple[Any, ...]) -> tuple[int | None, Value]:
    return whole_or_none(row[0]), decode_raw(row[1], row[2])
