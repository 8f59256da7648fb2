"""The rows of an answer that a table holds: those on screen and some screens' worth on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sloth_tui.model import Row

_MOST = 400
"""Rows held beyond those on screen, however tall the screen is."""


def spot_of(row: Row) -> str:
    """What a row is known by wherever it moves: its key or, for a node of a tree, a word that is no key."""
    return row.key if row.keys is None else node_spot(row.key)


def node_spot(prefix: str) -> str:
    """The spot of the node with this prefix: no key has a NUL in it."""
    return "\0" + prefix


class RowCache:
    """Knows which rows it has, and which it has asked for."""

    def __init__(self) -> None:
        self._rows: dict[int, Row | None] = {}
        self._wanted = range(0)

    def __contains__(self, number: int) -> bool:
        return number in self._rows

    def get(self, number: int) -> Row | None:
        """The row; None if it is gone or not here."""
        return self._rows.get(number)

    def numbers(self) -> dict[str, int]:
        """Spot -> number of every row held."""
        return {spot_of(row): number for number, row in self._rows.items() if row is not None}

    def by_spot(self) -> dict[str, Row]:
        return {spot_of(row): row for row in self._rows.values() if row is not None}

    def forget(self) -> None:
        """Ask for everything anew; what is held stays to be shown until the answer is there."""
        self._wanted = range(0)

    def want(self, top: int, height: int, count: int) -> range | None:
        """The rows to ask for so that ``height`` lines from ``top`` can be drawn, and the next page in either
        direction as soon as somebody turns to it; None: they are here or asked for already."""
        if not range(top, min(top + height, count)):
            return None
        near = self._around(top, height, count, 1)
        if near[0] in self._wanted and near[-1] in self._wanted:
            return None
        self._wanted = self._around(top, height, count, 2)
        return self._wanted

    def load(self, first: int, rows: list[Row | None], *, anew: bool = False) -> list[int]:
        """Take in rows ``first`` and following, with ``anew`` in place of all others; returns the numbers of
        those that look different now."""
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
        margin = min(pages * height, _MOST // 2)
        return range(max(top - margin, 0), min(top + height + margin, count))
