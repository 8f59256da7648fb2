"""The result of a query in a window: its order of rows, and look-ups in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import Interrupted
from sloth_tui.store.rows.key_tree import Tree
from sloth_tui.values.codec import key_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from sloth_tui.model import Row
    from sloth_tui.store.rows.order import ByKey
    from sloth_tui.store.rows.source import KeySource, SortedRows

    Order: TypeAlias = "ByKey | SortedRows | Tree | PartialResult"


class PartialResult:
    """The rows a search has found so far: a few, in key order or its reverse, shown until it is complete."""

    def __init__(self, rows: Sequence[int]) -> None:
        self._rows = rows

    @property
    def count(self) -> int:
        return len(self._rows)

    def rowids(self, first: int, count: int) -> list[int]:
        return list(self._rows[first : first + count])

    def position(self, key: bytes) -> int | None:
        """Always None: no position is stable before the search is complete."""
        return None


class QueryResult:
    """The result of a query: the generation it belongs to, and the order of its rows; without an order there
    is no result."""

    __slots__ = ("_source", "generation", "order")

    def __init__(self, source: KeySource, generation: int = -1, order: Order | None = None) -> None:
        self._source = source
        self.generation = generation
        self.order = order

    def page(self, first: int, count: int) -> list[Row | None]:
        """Return ``count`` rows from ``first`` on, fewer at the end; None for a row that no longer exists."""
        if isinstance(self.order, Tree):
            return self.order.page(self._source, first, count)
        return self._source.read_rows(self.rowids(first, count))

    def has_gaps(self, first: int, count: int) -> bool:
        """Return True if rows from ``first`` on no longer exist: another program may have replaced them by
        equal rows, which history does not record."""
        # In a tree, a node and the first row in it are the same row.
        rowids = list(set(self.rowids(first, count)))
        return bool(rowids) and self._source.count_rows(rowids) < len(rowids)

    def rowids(self, first: int, count: int) -> list[int]:
        return [] if self.order is None else self.order.rowids(first, count)

    @property
    def passing(self) -> int:
        """Number of keys known to match, including those folded away."""
        entries = self._entries
        return 0 if entries is None else entries.count

    def position(self, key: str, *, node: bool = False) -> int | None:
        """Return the line of ``key``, or of the ``node`` with this prefix; None if it is not there or not
        found yet. For a key in a closed node, return the line of that node."""
        return None if self.order is None else _place(self.order, key, node=node)

    def keys(self, first: int, count: int) -> list[str]:
        """Return up to ``count`` matching keys from position ``first`` on, including those folded away,
        without keys that no longer exist. Raises Interrupted if superseded."""
        entries = self._entries
        return self._source.read_keys([] if entries is None else entries.rowids(first, count))

    def keys_between(self, one: str, other: str, limit: int) -> list[str]:
        """Return up to ``limit`` matching keys between two keys, both included; the two may be in either
        order."""
        entries = self._entries
        places = [] if entries is None else [_place(entries, key) for key in (one, other)]
        known = sorted(place for place in places if place is not None)
        return self.keys(known[0], min(known[1] - known[0] + 1, limit)) if len(known) == 2 else []

    def keys_below(self, prefix: str, limit: int) -> list[str]:
        """Return up to ``limit`` matching keys in a node of a tree."""
        stored = key_bytes(prefix)
        if not isinstance(self.order, Tree) or stored is None:
            return []
        first, last = self.order.by_key.range(stored)
        return self.keys(first, min(last - first, limit))

    @property
    def _entries(self) -> ByKey | SortedRows | PartialResult | None:
        """Return the order of all rows; for a tree, the one behind it."""
        return self.order.by_key if isinstance(self.order, Tree) else self.order


def _place(order: Order, key: str, *, node: bool = False) -> int | None:
    stored = key_bytes(key)
    if stored is None:
        return None
    try:
        return order.position(stored, node=node) if isinstance(order, Tree) else order.position(stored)
    except Interrupted:
        return None
