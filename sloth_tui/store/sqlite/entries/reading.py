"""Reading entries."""

from __future__ import annotations

import apsw

from sloth_tui.errors import KeyNotFound
from sloth_tui.store.sqlite import exposure
from sloth_tui.store.sqlite.sql.keys import KEY, key_range
from sloth_tui.store.sqlite.sql.rows import (
    ENTRIES,
    ITEMS,
    KEYS,
    PLAIN_VALUE,
    RAW_ITEM,
    RAW_KEY,
    RAW_VALUE,
    RECORD,
    TIMED_RECORD,
    decode_raw,
    decode_value,
    entry_of,
    timed_entry_of,
)
from sloth_tui.values.codec import decode_key, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType
    from typing import Any, Self, TypeVar

    from sloth_tui.model import Entry, Value
    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.sql.rows import Reading

    D = TypeVar("D")
    T = TypeVar("T")

_GET = f"SELECT {PLAIN_VALUE} FROM state WHERE key = ?"
_GET_RAW = f"SELECT {RAW_VALUE} FROM state WHERE key = {KEY}"
_GET_MANY = f"SELECT {RAW_ITEM} FROM state WHERE key IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?))"
_EXISTS = f"SELECT 1 FROM state WHERE key = {KEY}"
_ENTRY = f"SELECT {RECORD} FROM state WHERE key = {KEY}"
_TIMED_ENTRY = f"SELECT {TIMED_RECORD} FROM state WHERE key = {KEY}"
_NEIGHBOURS = 100
"""Number of keys before and after a missing key that are compared with it, to suggest similar ones."""
_NEARBY = (
    f"SELECT {RAW_KEY} FROM (SELECT key FROM state WHERE key < {KEY} ORDER BY key DESC LIMIT {_NEIGHBOURS}) "
    f"UNION ALL SELECT {RAW_KEY} FROM (SELECT key FROM state WHERE key > {KEY} AND key < x'' "
    f"ORDER BY key LIMIT {_NEIGHBOURS})"
)


class EntryReading:
    """See :class:`sloth_tui.store.port.Entries`.

    An iterator reads from the snapshot of the moment it was created, whatever is written meanwhile. While a
    long iteration is under way, its handle reads everything from that snapshot, until it writes or reads a
    lock; and SQLite cannot recycle its log.
    """

    __slots__ = ("_agent", "_database")

    _database: OpenDatabase

    def __init__(self, agent: str, database: OpenDatabase) -> None:
        self._agent = agent
        self._database = database

    @property
    def agent(self) -> str:
        return self._agent

    @property
    def backend(self) -> str:
        return "sqlite"

    @property
    def location(self) -> str:
        return self._database.path

    @property
    def read_only(self) -> bool:
        return self._database.read_only

    def warning(self) -> str | None:
        return exposure(self._database.path)

    def close(self) -> None:
        """Close the database; roll back a transaction that is still open."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get(self, key: str, default: D | None = None) -> Value | D | None:
        try:
            row = self._database.execute(_GET, (key,)).get
        except apsw.Error as error:
            raise self._database.failure(error) from error
        except UnicodeError:
            return self._get_raw(key, default)
        if row is None:
            return default
        database = self._database
        # Written out, like no other: most readings are these.
        if database.data_version() != database.untimed and not database.is_settled():
            return self._get_raw(key, default)
        kind, stored = row
        if kind is None and type(stored) is str:
            return stored
        return self._database.convert(_decoded, (row,))[0]

    def get_many(self, keys: Iterable[str]) -> dict[str, Value]:
        wanted = dict.fromkeys(keys)
        # As hexadecimal digits, JSON can carry a key that is not UTF-8.
        stored_keys = [stored.hex() for stored in map(key_bytes, wanted) if stored is not None]
        rows = self._database.live(self._database.rows, _GET_MANY, (apsw.jsonb_encode(stored_keys),))
        found = dict(self._database.convert(_raw_item, rows))
        return {key: found[key] for key in wanted if key in found}

    def entry(self, key: str) -> Entry:
        database, bindings = self._database, (key_bytes(key),)
        rows, make = database.live(database.rows, _ENTRY, bindings), entry_of
        if rows and database.deadlines is not None:
            rows, make = database.live(database.rows, _TIMED_ENTRY, bindings), timed_entry_of
        if not rows:
            raise self._no_such_key(key)
        return database.convert(make, rows)[0]

    def exists(self, key: str) -> bool:
        database, bindings = self._database, (key_bytes(key),)
        if database.one(_EXISTS, bindings) is None:
            return False
        if database.data_version() == database.untimed or database.is_settled():
            return True
        return database.live(database.one, _EXISTS, bindings) is not None

    def keys(self, prefix: str = "") -> Iterator[str]:
        return self._walk(prefix, KEYS)

    def items(self, prefix: str = "") -> Iterator[tuple[str, Value]]:
        return self._walk(prefix, ITEMS)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        return self._walk(prefix, ENTRIES)

    def count(self, prefix: str = "") -> int:
        where, bindings = key_range(prefix)
        database, statement = self._database, f"SELECT count(*) FROM state WHERE {where}"
        number: int = database.one(statement, bindings)
        if number and database.data_version() != database.untimed and not database.is_settled():
            number = database.live(database.one, statement, bindings)
        return number

    def ttl(self, key: str) -> float | None:
        database = self._database
        if not self.exists(key) or database.deadlines is None:
            return None
        from sloth_tui.store.sqlite.entries.expiring import ttl

        return ttl(database, key)

    def _walk(self, prefix: str, reading: Reading[T]) -> Iterator[T]:
        # Imported here: a script that gets one value does not iterate.
        from sloth_tui.store.sqlite.engine.cursors import SnapshotCursor

        return SnapshotCursor(self._database, prefix, reading).results()

    def _get_raw(self, key: str, default: D | None) -> Value | D | None:
        """Like :meth:`get`, for a key or a value that is not UTF-8."""
        database = self._database
        rows = database.live(database.rows, _GET_RAW, (key_bytes(key),))
        found = database.convert(lambda row: decode_raw(*row), rows)
        return found[0] if found else default

    def _no_such_key(self, key: str) -> KeyNotFound:
        from sloth_tui.text import nearest

        sought = key_bytes(key)
        near = self._database.live(self._database.rows, _NEARBY, (sought, sought))
        nearby = [decode_key(found) for (found,) in near]
        meant = nearest(key, nearby)
        return KeyNotFound(f"no key '{key}'", hint="nearest: " + ", ".join(meant) if meant else None)


def _decoded(row: tuple[Any, ...]) -> Value:
    return decode_value(*row)


def _raw_item(row: tuple[Any, ...]) -> tuple[str, Value]:
    key, kind, stored = row
    return decode_key(key), decode_raw(kind, stored)
