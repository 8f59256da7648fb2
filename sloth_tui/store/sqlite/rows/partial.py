"""Rows that a search has met so far, shown until it has met all."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import apsw

from sloth_tui.store.sqlite.rows.key_index import integers

if TYPE_CHECKING:
    from collections.abc import Sequence

_IN_ORDER = "SELECT rowid FROM state WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY key "


class Found:
    """A few rows in key order, or its reverse."""

    def __init__(self, connection: apsw.Connection, rowids: Sequence[int], *, descending: bool) -> None:
        order = _IN_ORDER + ("DESC" if descending else "ASC")
        self._rows = array("q", integers(connection.execute(order, (apsw.jsonb_encode(list(rowids)),))))

    @property
    def count(self) -> int:
        return len(self._rows)

    def rowids(self, first: int, count: int) -> list[int]:
        return self._rows[first : first + count].tolist()

    def position(self, key: bytes) -> int | None:
        """Nothing stays where it is in it."""
        return None
