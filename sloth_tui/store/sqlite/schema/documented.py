"""Checks that tables named like the documented ones can be used as such."""

from __future__ import annotations

from sloth_tui.errors import DatabaseUnusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import apsw

_KIND = "SELECT type, wr FROM pragma_table_list(?) WHERE schema = 'main'"
# A unique constraint is an index. An index on an expression, or on some rows only, proves nothing here.
_IS_UNIQUE = """SELECT 1 FROM pragma_index_list(?, 'main') AS its
    WHERE its."unique" AND NOT its.partial AND ? = (
        SELECT group_concat(lower(part.name) || ' ' || part.coll)
        FROM pragma_index_xinfo(its.name, 'main') AS part WHERE part.key)"""


def check_table(
    connection: apsw.Connection,
    location: str,
    table: str,
    columns: set[str],
    *,
    needed: Sequence[str],
    ours: Collection[str],
) -> None:
    """Raise DatabaseUnusable unless the table, which has these ``columns``, can be used.

    It must have rowids, all columns ``needed`` and none named like ``ours``. The first needed column
    identifies a row: it must be unique, compared byte by byte.
    """
    missing = sorted(set(needed) - columns)
    in_the_way = sorted(columns.intersection(ours))
    name = needed[0]
    if missing:
        complaint = f"it has no column '{missing[0]}'"
    elif in_the_way:
        complaint = f"it has a column '{in_the_way[0]}' of its own"
    elif connection.execute(_KIND, (table,)).get != ("table", 0):
        complaint = "it is a view, virtual, or WITHOUT ROWID"
    elif connection.execute(_IS_UNIQUE, (table, f"{name} BINARY")).get is None:
        complaint = f"its column '{name}' is not unique, or not to the byte"
    else:
        return
    raise DatabaseUnusable(
        f"{location}: table '{table}' is not the documented one: {complaint}", hint="it was left as it is"
    )
