"""The rows that the table holds: those on screen and a few screens on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sloth_tui.model import Row
    from sloth_tui.tui.widgets.key_table.row_view import RowView

_MAX_HELD = 400
"""Rows held beyond those on screen."""


def spot_of(row: Row) -> str:
    """Return what identifies a row wherever it moves: its key or, for a tree node, :func:`node_spot`."""
    return row.key if row.keys is None else node_spot(row.key)


def node_spot(prefix: str) -> str:
    """Return the spot of the node with this prefix. It is never a key: keys hold no NUL."""
    return "\0" + prefix


class RowCache:
    """Keeps the loaded rows, and which were requested."""

    def __init__(self) -> None:
        self._rows: dict[int, Row | None] = {}
        self._wanted = range(0)

    def __contains__(self, number: int) -> bool:
        return number in self._rows

    def get(self, number: int) -> Row | None:
        """Return the row; None if it is gone or not loaded."""
        return self._rows.get(number)

    def numbers(self) -> dict[str, int]:
        """Return spot -> number of every row held."""
        return {spot_of(row): number for number, row in self._rows.items() if row is not None}

    def by_spot(self) -> dict[str, Row]:
        return {spot_of(row): row for row in self._rows.values() if row is not None}

    def forget(self) -> None:
        """Request all rows again; those held stay until the new ones arrive."""
        self._wanted = range(0)

    def want(self, top: int, height: int, count: int) -> range | None:
        """Return the rows to request so that ``height`` lines from ``top`` and a page on either side can be
        drawn; None if they are loaded or requested already."""
        if not range(top, min(top + height, count)):
            return None
        near = self._around(top, height, count, 1)
        if near[0] in self._wanted and near[-1] in self._wanted:
            return None
        self._wanted = self._around(top, height, count, 2)
        return self._wanted

    def load(self, first: int, rows: list[Row | None], *, anew: bool = False) -> list[int]:
        """Take in the rows from ``first`` on, with ``anew`` in place of all others; return the numbers of
        those that changed."""
        loaded = dict(enumerate(rows, first))
        changed = [
            number for number, row in loaded.items() if number not in self or self._rows[number] != row
        ]
        if anew:
            self._wanted = range(first, first + len(rows))
        else:
            loaded = {number: row for number, row in self._rows.items() if number in self._wanted} | loaded
        self._rows = loaded
        return changed

    def _around(self, top: int, height: int, count: int, pages: int) -> range:
        margin = min(pages * height, _MAX_HELD // 2)
        return range(max(top - margin, 0), min(top + height + margin, count))


class CursorRow:
    """The row under the cursor of a view."""

    def __init__(self, view: RowView, rows: RowCache) -> None:
        self._view = view
        self._rows = rows

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None if there is none or it is not loaded yet."""
        return self._rows.get(self._view.cursor) if self._view.count else None

    @property
    def key(self) -> str | None:
        """The key under the cursor; None if there is no row, it is not loaded yet, or it is a node."""
        row = self.row
        return row.key if row is not None and row.keys is None else None

    @property
    def node(self) -> str | None:
        """The prefix of the node under the cursor; None if there is none."""
        row = self.row
        return row.key if row is not None and row.keys is not None else None
