"""Rows of a table of entries, read by rowid."""

from __future__ import annotations

import codecs
from operator import itemgetter
from typing import TYPE_CHECKING

import apsw

from sloth_tui.model import Row
from sloth_tui.store.sqlite.engine.deadlines import without_expired
from sloth_tui.store.sqlite.sql.rows import RAW_KEY, TIME
from sloth_tui.values.codec import decode_key, key_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sloth_tui.store.sqlite.engine.connection import OpenDatabase

PREVIEW = 1024
"""The most bytes of a value that a row carries."""

TYPE = "CASE typeof(value) WHEN 'blob' THEN 'bytes' ELSE coalesce(type, 'string') END"
UPDATED = TIME.format("updated_at")
SIZE = "octet_length(value)"

# The length of a value is in the header of its row; its bytes are read only if they are few.
_ROWS = f"""
    SELECT rowid, {RAW_KEY}, CASE WHEN {SIZE} <= {PREVIEW} THEN CAST(value AS BLOB) END,
      {TYPE}, {SIZE}, {UPDATED}, revision
    FROM state WHERE rowid IN (SELECT value FROM json_each(?))"""
_TIMED_ROWS = _ROWS.replace(
    "revision\n", "revision, (SELECT wall FROM sloth_ttl WHERE sloth_ttl.key = state.key)\n"
)
_COUNT = "SELECT count(*) FROM state WHERE rowid IN (SELECT value FROM json_each(?))"

_KEYS = f"SELECT rowid, {RAW_KEY} FROM state WHERE rowid IN (SELECT value FROM json_each(?))"
_EXISTING = f"SELECT {RAW_KEY} FROM state WHERE key IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?))"
_IN_ORDER = "SELECT rowid FROM state WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY key "
_ROWS_PER_STATEMENT = 5000
"""Rows named in one statement: a few milliseconds of work."""


def read_rows(database: OpenDatabase, rowids: Sequence[int]) -> list[Row | None]:
    """Return the rows with these numbers, from one snapshot; None for a row that no longer exists."""
    found: dict[object, Row] = {}
    bindings = (apsw.jsonb_encode(list(rowids)),)
    answer = database.rows(_ROWS, bindings)
    if database.data_version() != database.untimed and (
        not database.is_settled() or database.deadlines is not None
    ):
        answer = database.rows(without_expired(_TIMED_ROWS, database.clock), bindings)
    for rowid, key, value, kind, size, updated_at, revision, *wall in answer:
        assert isinstance(rowid, int)
        assert isinstance(key, bytes)
        length = size if isinstance(size, int) else 0
        beginning = value if isinstance(value, bytes) else _beginning(database.connection, rowid)
        found[rowid] = Row(
            key=decode_key(key),
            preview=_text(beginning, whole=len(beginning) >= length),
            type=str(kind),
            size=length,
            updated_at=updated_at if isinstance(updated_at, float | int) else None,
            revision=revision if isinstance(revision, int) else None,
            expires_at=wall[0] if wall and isinstance(wall[0], float) else None,
        )
    return [found.get(rowid) for rowid in rowids]


def read_keys(database: OpenDatabase, rowids: Sequence[int]) -> list[str]:
    """Return the keys of the rows with these numbers, in this order, without rows that no longer exist."""
    found: list[str] = []
    for first in range(0, len(rowids), _ROWS_PER_STATEMENT):
        some = list(rowids[first : first + _ROWS_PER_STATEMENT])
        answer = database.live(database.rows, _KEYS, (apsw.jsonb_encode(some),))
        keys = {rowid: decode_key(key) for rowid, key in answer if isinstance(key, bytes)}
        found += [keys[rowid] for rowid in some if rowid in keys]
    return found


def existing_keys(database: OpenDatabase, keys: Iterable[str]) -> frozenset[str]:
    """Return those of ``keys`` that exist."""
    # As hexadecimal digits, JSON can carry a key that is not UTF-8.
    wanted = [stored.hex() for stored in map(key_bytes, keys) if stored is not None]
    answer = database.live(database.rows, _EXISTING, (apsw.jsonb_encode(wanted),))
    return frozenset(decode_key(key) for (key,) in answer if isinstance(key, bytes))


def count_rows(database: OpenDatabase, rowids: Sequence[int]) -> int:
    """Return how many of these rows exist."""
    number: int = database.live(database.one, _COUNT, (apsw.jsonb_encode(list(rowids)),))
    return number


def in_key_order(connection: apsw.Connection, rowids: Sequence[int], *, descending: bool) -> list[int]:
    """Return those of these rows that still exist, in the order of their keys."""
    statement = _IN_ORDER + ("DESC" if descending else "ASC")
    return list(integers(connection.execute(statement, (apsw.jsonb_encode(list(rowids)),))))


def integers(answer: Iterable[tuple[apsw.SQLiteValue, ...]]) -> Iterator[int]:
    """Yield the only column of a result that has rowids only."""
    return map(itemgetter(0), answer)


def _beginning(connection: apsw.Connection, rowid: int) -> bytes:
    """Return the first bytes of a large value, without reading the rest."""
    try:
        blob = connection.blob_open("main", "state", "value", rowid, False)
    except apsw.Error:
        # Deleted or replaced since the row was read.
        return b""
    try:
        return blob.read(PREVIEW)
    finally:
        blob.close()


def _text(stored: bytes, *, whole: bool) -> str:
    """Return text for people; a partial character at the end of a cut value is dropped."""
    return codecs.getincrementaldecoder("utf-8")("backslashreplace").decode(stored, whole)
