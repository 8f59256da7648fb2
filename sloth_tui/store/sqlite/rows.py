"""Rows of ``state``, in two dialects.

The plain one is fast: the driver makes ``str`` of text, and fails on text that is no UTF-8, which other
programs may have stored. The raw one reads text as bytes and copes: such a value is bytes, such a key has the
escapes of PEP 383. Both give type and value as :func:`sloth_tui.store.values.decode` takes them.
"""

from __future__ import annotations

from sloth_tui.store.values import decode, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias, TypeVar

    from sloth_tui.model import Entry, Value

    Row: TypeAlias = tuple[Any, ...]
    T = TypeVar("T")
    Dialect: TypeAlias = tuple[str, Callable[[Iterable[Row]], list[T]]]
    """Columns, the first of which is the key, and what makes results of rows of them."""
    Reading: TypeAlias = tuple[Dialect[T], Dialect[T]]
    """The plain dialect and the raw one."""

PLAIN_VALUE = "type, CASE type WHEN 'table' THEN iif(json_valid(value), jsonb(value), value) ELSE value END"
PLAIN_ITEM = f"key, {PLAIN_VALUE}"


def raw_value(value: str, kind: str) -> str:
    """Two columns, from the expressions for a stored value and its type."""
    return (
        f"CASE typeof({value}) WHEN 'blob' THEN 'bytes' "
        f"ELSE coalesce(nullif({kind}, 'bytes'), 'string') END, "
        f"CASE WHEN {kind} = 'table' AND typeof({value}) = 'text' AND json_valid({value}) "
        f"THEN jsonb({value}) ELSE CAST({value} AS BLOB) END"
    )


RAW_KEY = "CAST(key AS BLOB)"
RAW_VALUE = raw_value("value", "type")
RAW_ITEM = f"{RAW_KEY}, {RAW_VALUE}"
TIME = "unixepoch({}, 'auto', 'subsec')"
"""Unix seconds from a documented timestamp; NULL where it cannot be read."""
RECORD = (
    f"{RAW_ITEM}, {TIME.format('created_at')}, {TIME.format('updated_at')}, revision, octet_length(value)"
)
"""The columns of :func:`entry_of`."""


def decode_key(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogateescape")


def decode_raw(kind: str, stored: bytes) -> Value:
    """A value from the columns of :func:`raw_value`."""
    if kind == "bytes":
        return stored
    if kind == "table":
        table = decode(kind, stored)
        if not isinstance(table, bytes):
            return table
    try:
        return decode(kind, stored.decode())
    except UnicodeDecodeError:
        return stored


def entry_of(row: Row) -> Entry:
    """From the columns :data:`RECORD`."""
    from sloth_tui.model import Entry

    key, kind, stored, created, updated, revision, size = row
    value = decode_raw(kind, stored)
    return Entry(decode_key(key), value, type_name(value), created, updated, revision, size)


# One comprehension each: a row that is let go at once is half the memory, and a fifth of the time.


def _keys(rows: Iterable[Row]) -> list[str]:
    return [key for (key,) in rows]


def _raw_keys(rows: Iterable[Row]) -> list[str]:
    return [decode_key(key) for (key,) in rows]


def _items(rows: Iterable[Row]) -> list[tuple[str, Value]]:
    return [(key, stored if kind is None else decode(kind, stored)) for key, kind, stored in rows]


def _raw_items(rows: Iterable[Row]) -> list[tuple[str, Value]]:
    return [(decode_key(key), decode_raw(kind, stored)) for key, kind, stored in rows]


def _entries(rows: Iterable[Row]) -> list[Entry]:
    return [entry_of(row) for row in rows]


KEYS = ("key", _keys), (RAW_KEY, _raw_keys)
ITEMS = (PLAIN_ITEM, _items), (RAW_ITEM, _raw_items)
ENTRIES = (RECORD, _entries), (RECORD, _entries)
"""How to read what a listing is made of: plain, and raw."""
