"""Rows of ``state``, in two dialects.

The plain dialect is fast: the driver converts text to ``str``, and fails on text that is not UTF-8, which
other programs may have stored. The raw dialect reads text as bytes and accepts it: such a value becomes
bytes, such a key gets the escapes of PEP 383. Both give type and value as
:func:`sloth_tui.values.codec.decode` takes them, but for a table: that comes as SQLite's binary JSON, which
its driver decodes in C.
"""

from __future__ import annotations

import apsw

from sloth_tui.values.codec import decode, decode_key, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, TypeAlias, TypeVar

    from sloth_tui.model import Entry, Value
    from sloth_tui.origin import Origin

    Row: TypeAlias = tuple[Any, ...]
    T = TypeVar("T")
    Dialect: TypeAlias = tuple[str, Callable[[Iterable[Row]], list[T]]]
    """Columns, the first of which is the key, and the function that converts rows of them to results."""
    Reading: TypeAlias = tuple[Dialect[T], Dialect[T]]
    """The plain dialect and the raw one."""

PLAIN_VALUE = "type, CASE type WHEN 'table' THEN iif(json_valid(value), jsonb(value), value) ELSE value END"
PLAIN_ITEM = f"key, {PLAIN_VALUE}"


def raw_value(value: str, kind: str) -> str:
    """Return two columns, for a value and its type given as expressions."""
    return (
        f"CASE typeof({value}) WHEN 'blob' THEN 'bytes' "
        f"ELSE coalesce(nullif({kind}, 'bytes'), 'string') END, "
        f"CASE WHEN {kind} = 'table' AND typeof({value}) = 'text' AND json_valid({value}) "
        f"THEN jsonb({value}) ELSE CAST({value} AS BLOB) END"
    )


RAW_KEY = "CAST(key AS BLOB)"
RAW_VALUE = raw_value("value", "type")
RAW_ITEM = f"{RAW_KEY}, {RAW_VALUE}"
TIME = (
    "CASE WHEN typeof({0}) IN ('integer', 'real') AND {0} BETWEEN 2440587.5 AND 253402300799 "
    "OR {0} GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*' "
    "THEN unixepoch({0}, 'auto', 'subsec') END"
)
"""Unix seconds from a documented timestamp; NULL if it is invalid. A number counts as in SQLite's own
functions, as unix seconds or a Julian day, if that is a time since 1970; other numbers are invalid."""
RECORD = (
    f"{RAW_ITEM}, {TIME.format('created_at')}, {TIME.format('updated_at')}, revision, octet_length(value)"
)
"""The columns that :func:`entry_of` takes."""


TIMED_RECORD = f"{RECORD}, (SELECT wall FROM sloth_ttl WHERE sloth_ttl.key = state.key)"
"""The columns that :func:`timed_entry_of` takes. Asking for the time to live of each row takes time, so only
where there may be one."""


def decode_table(stored: object) -> Value:
    """Return a table from binary JSON. Text that is not JSON, left by a program without types, stays as it
    is."""
    if not isinstance(stored, bytes):
        return decode("table", stored)
    try:
        table: Value = apsw.jsonb_decode(stored)
    except ValueError:
        return stored
    return table


_FIRST_YEAR, _LAST_YEAR = -62135596800, 253402300800
"""Unix seconds: when the year 1 began, and when the year 9999 ends."""


def whole(column: object) -> int:
    """A column that holds an integer, and no NULL. Raises TypeError: it is damaged; so do those below."""
    if type(column) is not int:
        raise TypeError(column)
    return column


def whole_or_none(column: object) -> int | None:
    return None if column is None else whole(column)


def text(column: object) -> str:
    if type(column) is not str:
        raise TypeError(column)
    return column


def text_or_none(column: object) -> str | None:
    return None if column is None else text(column)


def moment(column: object) -> float:
    """Unix seconds from unix milliseconds, as the history has them. Raises ValueError too."""
    seconds = whole(column) / 1000
    if not _FIRST_YEAR <= seconds < _LAST_YEAR:
        raise ValueError(column)
    return seconds


def origin_of(columns: Sequence[Any]) -> Origin:
    """From the columns of ``sloth_changes`` that are named like its fields."""
    from sloth_tui.origin import Origin

    user, host, pid, program, title, run, task = columns
    return Origin(
        text(user), text(host), whole(pid), text(program), text(title), text_or_none(run), text_or_none(task)
    )


def decode_value(kind: str | None, stored: object) -> Value:
    """A value from the columns of :data:`PLAIN_VALUE`. Raises TypeError for none: it is damaged."""
    return decode_table(stored) if kind == "table" else decode(kind, stored)


def decode_raw(kind: str, stored: bytes) -> Value:
    """Return a value from the columns of :func:`raw_value`."""
    if kind == "bytes":
        return stored
    if kind == "table":
        table = decode_table(stored)
        if not isinstance(table, bytes):
            return table
    try:
        return decode(kind, stored.decode())
    except UnicodeDecodeError:
        return stored


def entry_of(row: Row) -> Entry:
    """Return an entry from the columns :data:`RECORD`."""
    from sloth_tui.model import Entry

    key, kind, stored, created, updated, revision, size = row
    value = decode_raw(kind, stored)
    return Entry(decode_key(key), value, type_name(value), created, updated, whole_or_none(revision), size)


def timed_entry_of(row: Row) -> Entry:
    """Return an entry from the columns :data:`TIMED_RECORD`."""
    return entry_of(row[:-1])._replace(expires_at=None if row[-1] is None else float(row[-1]))


# One comprehension each: releasing each row at once takes half the memory and a fifth of the time.


def _keys(rows: Iterable[Row]) -> list[str]:
    return [key for (key,) in rows]


def _raw_keys(rows: Iterable[Row]) -> list[str]:
    return [decode_key(key) for (key,) in rows]


def _items(rows: Iterable[Row]) -> list[tuple[str, Value]]:
    return [
        (key, stored if kind is None and type(stored) is str else decode_value(kind, stored))
        for key, kind, stored in rows
    ]


def _raw_items(rows: Iterable[Row]) -> list[tuple[str, Value]]:
    return [(decode_key(key), decode_raw(kind, stored)) for key, kind, stored in rows]


def _entries(rows: Iterable[Row]) -> list[Entry]:
    return [entry_of(row) for row in rows]


def _timed_entries(rows: Iterable[Row]) -> list[Entry]:
    return [timed_entry_of(row) for row in rows]


KEYS = ("key", _keys), (RAW_KEY, _raw_keys)
ITEMS = (PLAIN_ITEM, _items), (RAW_ITEM, _raw_items)
ENTRIES = (RECORD, _entries), (RECORD, _entries)
"""For each kind of listing: how to read it plainly, and raw."""
TIMED_ENTRIES = (TIMED_RECORD, _timed_entries), (TIMED_RECORD, _timed_entries)
