"""Rows of a table of entries, read by rowid."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

import apsw

from sloth_tui.model import Row
from sloth_tui.store.sqlite.sql.keys import key_bytes
from sloth_tui.store.sqlite.sql.rows import RAW_KEY, TIME, decode_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PREVIEW = 1024
"""Bytes of a value that a row carries at most."""

TYPE = "CASE typeof(value) WHEN 'blob' THEN 'bytes' ELSE coalesce(type, 'string') END"
UPDATED = TIME.format("updated_at")
SIZE = "octet_length(value)"

# The length of a value is in the head of its row; its bytes are only touched where they are few.
_ROWS = f"""
    SELECT rowid, {RAW_KEY}, CASE WHEN {SIZE} <= {PREVIEW} THEN CAST(value AS BLOB) END,
      {TYPE}, {SIZE}, {UPDATED}, revision
    FROM state WHERE rowid IN (SELECT value FROM json_each(?))"""
_COUNT = "SELECT count(*) FROM state WHERE rowid IN (SELECT value FROM json_each(?))"

_KEYS = f"SELECT rowid, {RAW_KEY} FROM state WHERE rowid IN (SELECT value FROM json_each(?))"
_EXISTING = f"SELECT {RAW_KEY} FROM state WHERE key IN (SELECT CAST(unhex(value) AS TEXT) FROM json_each(?))"
_AT_ONCE = 5000
"""Rows named in one statement: a few milliseconds' work."""


def read_rows(connection: apsw.Connection, rowids: Sequence[int]) -> list[Row | None]:
    """The rows with these numbers, from one snapshot; None for one that is gone."""
    found: dict[object, Row] = {}
    answer = connection.execute(_ROWS, (apsw.jsonb_encode(list(rowids)),))
    for rowid, key, value, kind, size, updated_at, revision in answer.fetchall():
        assert isinstance(rowid, int)
        assert isinstance(key, bytes)
        length = size if isinstance(size, int) else 0
        beginning = value if isinstance(value, bytes) else _beginning(connection, rowid)
        found[rowid] = Row(
            key=decode_key(key),
            preview=_text(beginning, whole=len(beginning) >= length),
            type=str(kind),
            size=length,
            updated_at=updated_at if isinstance(updated_at, float | int) else None,
            revision=revision if isinstance(revision, int) else None,
        )
    return [found.get(rowid) for rowid in rowids]


def read_keys(connection: apsw.Connection, rowids: Sequence[int]) -> list[str]:
    """The keys of the rows with these numbers, in this order, without those that are gone."""
    found: list[str] = []
    for first in range(0, len(rowids), _AT_ONCE):
        some = list(rowids[first : first + _AT_ONCE])
        answer = connection.execute(_KEYS, (apsw.jsonb_encode(some),))
        keys = {rowid: decode_key(key) for rowid, key in answer if isinstance(key, bytes)}
        found += [keys[rowid] for rowid in some if rowid in keys]
    return found


def existing_keys(connection: apsw.Connection, keys: Iterable[str]) -> frozenset[str]:
    """Those of ``keys`` that there are."""
    # As hexadecimal digits, JSON can carry a key that is no UTF-8.
    wanted = [stored.hex() for stored in map(key_bytes, keys) if stored is not None]
    answer = connection.execute(_EXISTING, (apsw.jsonb_encode(wanted),))
    return frozenset(decode_key(key) for (key,) in answer if isinstance(key, bytes))


def count_rows(connection: apsw.Connection, rowids: Sequence[int]) -> int:
    """How many of these rows there are."""
    number = connection.execute(_COUNT, (apsw.jsonb_encode(list(rowids)),)).get
    assert isinstance(number, int)
    return number


def _beginning(connection: apsw.Connection, rowid: int) -> bytes:
    """The first bytes of a large value, without reading the rest of it."""
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
    """Text for people; half a character at the end of what is not whole is left out."""
    return codecs.getincrementaldecoder("utf-8")("backslashreplace").decode(stored, whole)
