"""Rows told by their shape, where it is lost to which table their page belongs."""

from __future__ import annotations

from sloth_tui.store.sqlite.repair.cells import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.repair.cells import Column, Row

STATE, HISTORY = "state", "sloth_history"
_STATE_COLUMNS = (4, 7)
"""As other programs write rows, and as we do."""
_HISTORY_COLUMNS = 8
_KINDS = (b"string", b"integer", b"float", b"boolean", b"table", b"bytes")
_OPERATIONS = (b"set", b"delete")
_MAX_KEY_BYTES = 4096
_FIRST_MS, _LAST_MS = 0, 253402300800000


def table_of(row: Row) -> str | None:
    """Return STATE or HISTORY for a row that can only be of that table, else None."""
    if is_state(row) and _is_time(row[2]) and _is_time(row[3]):
        return STATE
    return HISTORY if is_history(row) else None


def is_state(row: Row) -> bool:
    """True if a row can be an entry, of any program."""
    return (
        len(row) in _STATE_COLUMNS
        and _is_key(row[0])
        and row[1] is not None
        and (len(row) < 7 or _is_ours(row))
    )


def _is_ours(row: Row) -> bool:
    return (row[4] is None or row[4] in _KINDS) and _is_number(row[5]) and _is_number(row[6])


def is_history(row: Row) -> bool:
    """True if a row can be a revision, whose number is the rowid."""
    return (
        len(row) == _HISTORY_COLUMNS
        and row[0] is None
        and _is_key(row[1])
        and row[2] in _OPERATIONS
        and isinstance(row[3], int)
        and _FIRST_MS <= row[3] < _LAST_MS
        and _is_number(row[4])
        and _is_number(row[5])
        and (row[6] is None or isinstance(row[6], Text))
    )


def _is_key(column: Column) -> bool:
    return isinstance(column, Text) and 0 < len(column) <= _MAX_KEY_BYTES


def _is_number(column: Column) -> bool:
    return column is None or (isinstance(column, int) and column >= 0)


def _is_time(column: Column) -> bool:
    return isinstance(column, Text) and len(column) >= 19 and column[4:5] == column[7:8] == b"-"
