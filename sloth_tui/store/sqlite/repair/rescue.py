"""Write what can be read of a damaged database into a new one."""

from __future__ import annotations

import apsw

from sloth_tui.store.sqlite.repair import shapes
from sloth_tui.store.sqlite.repair.cells import (
    INDEX_LEAF,
    INDEX_NODE,
    TABLE_LEAF,
    TABLE_NODE,
    Text,
    index_rows_of,
    kind_of,
    rows_of,
)
from sloth_tui.store.sqlite.repair.tables import SCHEMA, free_pages, owners

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sloth_tui.store.sqlite.repair.cells import Column, Row
    from sloth_tui.store.sqlite.repair.image import Image

    Progress: TypeAlias = Callable[[int, int], object]

_KEY_INDEX = "sqlite_autoindex_state_1"
_NOT_RESCUED = ("sloth_bulk", "sloth_replaced")
"""Tables that are empty between two writes."""
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
_COLUMNS = "SELECT name, type = 'INTEGER' AND pk = 1 FROM pragma_table_info(?)"
_NEWER = """ON CONFLICT (key) DO UPDATE SET value = excluded.value, created_at = excluded.created_at,
    updated_at = excluded.updated_at, type = excluded.type, revision = excluded.revision,
    change = excluded.change WHERE coalesce(excluded.revision, -1) > coalesce(state.revision, -1)"""
_REPORT_EVERY = 256


class Rescued:
    """What was found, in numbers."""

    def __init__(self) -> None:
        self.pages = self.logged = 0
        """Pages of the database, and how many of them came from its log."""
        self.unreadable = 0
        """Pages that hold nothing that belongs in a database, though they are not free."""
        self.doubtful = 0
        """Entries in pages that are free: most likely old, so left out."""


def rescue(image: Image, target: apsw.Connection, progress: Progress | None = None) -> Rescued:
    """Fill a new database, which has our schema and no triggers, in the caller's transaction. The keys that
    the index knows go into the temporary table ``known``. Of several rows for a key the one with the newest
    revision is taken. Raises the driver's errors."""
    target.execute("CREATE TEMP TABLE known (key TEXT PRIMARY KEY)")
    found, tables = Rescued(), _Tables(target)
    owner, free = owners(image), free_pages(image)
    # A page that its tree no longer reaches is most likely of the greatest of them, if there is a schema.
    key_index = (None, _KEY_INDEX) if _KEY_INDEX in owner.values() else ()
    found.pages, found.logged = image.count, image.frames
    for number in range(1, image.count + 1):
        if progress is not None and number % _REPORT_EVERY == 0:
            progress(number, image.count)
        page, name = image.page(number), owner.get(number)
        kind = kind_of(page, number)
        if number in free:
            found.doubtful += sum(
                shapes.table_of(row) == shapes.STATE for _, row in rows_of(image, page, number)
            )
        elif kind in (INDEX_LEAF, INDEX_NODE):
            if name in key_index:
                for row in index_rows_of(image, page, number):
                    tables.note_key(row)
        elif kind != TABLE_NODE and name != SCHEMA:
            count = 0
            for rowid, row in rows_of(image, page, number):
                count += tables.add(name, rowid, row)
            if kind != TABLE_LEAF and name is not None and not count:
                found.unreadable += 1
    return found


class _Tables:
    """The tables of the new database, and how rows get into them."""

    def __init__(self, target: apsw.Connection) -> None:
        self._target = target
        self._columns: dict[str, list[tuple[str, bool]]] = {}
        for (name,) in target.execute(_TABLES).fetchall():
            if name not in _NOT_RESCUED:
                columns = target.execute(_COLUMNS, (name,)).fetchall()
                self._columns[str(name)] = [(str(column), bool(is_rowid)) for column, is_rowid in columns]

    def add(self, name: str | None, rowid: int, row: Row) -> bool:
        """Add a row that was found in a page of a table, None if it is not known of which; return False if
        it cannot belong there."""
        table = name if name in self._columns else shapes.table_of(row) if name is None else None
        if table is None or not _fits(table, row):
            return False
        columns = self._columns[table][: len(row)]
        if len(columns) < len(row):
            return False
        values = tuple(
            rowid if is_rowid else value for (_, is_rowid), value in zip(columns, row, strict=True)
        )
        end = _NEWER if table == shapes.STATE else "ON CONFLICT DO NOTHING"
        return self._insert(table, [column for column, _ in columns], values, end)

    def note_key(self, row: Row) -> None:
        if len(row) == 2 and isinstance(row[0], Text) and row[0] and isinstance(row[1], int):
            self._insert("known", ["key"], (row[0],), "ON CONFLICT DO NOTHING")

    def _insert(self, table: str, columns: list[str], values: tuple[Column, ...], end: str) -> bool:
        places = ", ".join("CAST(? AS TEXT)" if isinstance(value, Text) else "?" for value in values)
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) {end}"
        try:
            self._target.execute(statement, tuple(map(_bound, values)))
        except (apsw.ConstraintError, apsw.MismatchError):
            return False
        return True


def _fits(table: str, row: Row) -> bool:
    if table == shapes.STATE:
        return shapes.is_state(row)
    return table != shapes.HISTORY or shapes.is_history(row)


def _bound(value: Column) -> Column:
    return bytes(value) if isinstance(value, Text) else value
