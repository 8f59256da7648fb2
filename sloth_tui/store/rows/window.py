"""A moving window on a table of millions: the rows that match a query, and the page that a screen shows.

The result of a query is an order of rowids, found in slices, the first page first. Rows themselves are read
only for the pages that are shown. A result has a generation number, which the caller increments: as soon as
:meth:`Window.supersede` names a newer one, work on the old one ends within milliseconds, and its pages are
refused.
"""

from __future__ import annotations

from time import monotonic, sleep
from typing import TYPE_CHECKING

from sloth_tui.errors import Interrupted
from sloth_tui.store.rows.key_index import KeyIndex
from sloth_tui.store.rows.key_tree import Tree, prefixes
from sloth_tui.store.rows.order import FIRST_PAGE, ByKey
from sloth_tui.store.rows.result import PartialResult, QueryResult
from sloth_tui.values.codec import key_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import Query, Row
    from sloth_tui.store.rows.result import Order
    from sloth_tui.store.rows.source import KeySource

PROGRESS_SECONDS = 0.15
"""Seconds between two reports of progress."""
CHECK_EVERY_ROWS = 500
"""Rows found by a search between two checks whether it is superseded."""
RARE_AFTER_SECONDS = 0.02
"""Duration of a search by value after which a first page that is not full means that matches are rare."""
YIELD_SECONDS = 0.0002
"""Pause between two steps of background work. It lets the thread that draws run at once, instead of after the
interpreter's switch interval."""


class IndexedWindow:
    """See :class:`sloth_tui.store.port.Window`. Uses an index of all keys in memory."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._index = KeyIndex(source)
        self._latest = self._serving = -1
        self._answer = QueryResult(source)
        self._complete = self._outdated = self._reordered = False
        self._renewed: Tree | None = None
        """The tree that replaces the current result once it is complete."""
        self._opened: frozenset[bytes] = frozenset()
        """Prefixes of the open nodes of a tree."""
        self._seen: tuple[int, int] = (0, 0)
        source.stop_when(lambda: self._serving != self._latest)

    def supersede(self, generation: int) -> None:
        self._latest = generation

    def index(self, query: Query, generation: int) -> Iterator[tuple[int, bool]]:
        self._serving = generation
        try:
            if generation == self._latest:
                answered = self._complete and self._answer.generation == generation
                yield from self._update(query) if answered else self._begin(query)
        except Interrupted:
            self._outdated, self._renewed = True, None

    def fold(self, prefix: str, *, opened: bool) -> None:
        stored = key_bytes(prefix)
        if stored is not None:
            self._opened = self._opened | {stored} if opened else self._opened - {stored}

    def reveal(self, key: str) -> None:
        self._opened |= frozenset(prefixes(key_bytes(key) or b""))

    def page(self, generation: int, first: int, count: int) -> list[Row | None] | None:
        answer = self._answer
        if generation != answer.generation or answer.order is None:
            return None
        self._seen = (first, count)
        return answer.page(first, count)

    def take_reordered(self) -> bool:
        reordered, self._reordered = self._reordered, False
        return reordered

    @property
    def passing(self) -> int:
        return self._answer.passing

    def position(self, key: str, *, node: bool = False) -> int | None:
        return self._answer.position(key, node=node)

    def keys(self, first: int, count: int) -> list[str]:
        return self._answer.keys(first, count)

    def keys_between(self, one: str, other: str, limit: int) -> list[str]:
        return self._answer.keys_between(one, other, limit)

    def keys_below(self, prefix: str, limit: int) -> list[str]:
        return self._answer.keys_below(prefix, limit)

    def existing(self, keys: list[str]) -> frozenset[str]:
        return self._source.existing(keys)

    def close(self) -> None:
        self._latest = -1
        self._answer = QueryResult(self._source)
        self._source.close()

    def _begin(self, query: Query) -> Iterator[tuple[int, bool]]:
        """Begin a new query."""
        self._follow()
        order = _order_of(self._source, self._index, query, self._opened)
        self._complete = self._outdated = False
        self._renewed, self._reordered, self._seen = None, False, (0, 0)
        self._answer = QueryResult(self._source, self._serving, order)
        began, full = monotonic(), False
        told = began
        for count in self._steps(order, show=not query.tree):
            if self._serving != self._latest:
                return
            now = monotonic()
            if isinstance(met := self._answer.order, PartialResult):
                if self._reordered:
                    yield met.count, False
                continue
            if isinstance(order, Tree) and order.open(self._opened):
                yield order.count, False
                told, full = now, True
            elif isinstance(order, Tree) and not full and count and now - began > RARE_AFTER_SECONDS:
                # There may be only a few lines for a long time, while their keys are counted.
                yield count, False
                told, full = now, True
            if (count >= FIRST_PAGE and not full) or (count and now - told >= PROGRESS_SECONDS):
                yield count, False
                told, full = now, count >= FIRST_PAGE
            if full:
                sleep(YIELD_SECONDS)
        self._settle(order)
        self._complete = True
        yield order.count, True

    def _update(self, query: Query) -> Iterator[tuple[int, bool]]:
        """Update the current result."""
        self._follow()
        if self._outdated:
            renewed, self._renewed = self._renewed, None
            order = renewed or _order_of(self._source, self._index, query, self._opened)
            for _ in self._steps(order):
                if self._serving != self._latest:
                    return
                sleep(YIELD_SECONDS)
            self._answer = QueryResult(self._source, self._serving, order)
            self._outdated = False
        tree = self._answer.order
        if isinstance(tree, Tree) and tree.open(self._opened):
            yield from self._unfold(tree)
        yield tree.count if tree else 0, True

    def _unfold(self, tree: Tree) -> Iterator[tuple[int, bool]]:
        """Find the children of nodes that were opened; yield when the first are known, and now and then."""
        told = 0.0
        for _ in self._steps(tree):
            if self._serving != self._latest:
                self._outdated = True
                return
            if tree.open(self._opened):
                # Another node was opened meanwhile: show its first children without waiting for the rest.
                told = 0.0
            if monotonic() - told >= PROGRESS_SECONDS:
                told = monotonic()
                yield tree.count, False
            sleep(YIELD_SECONDS)

    def _settle(self, order: Order) -> None:
        """Make this order the current result."""
        if self._answer.order is not order:
            self._answer, self._reordered = QueryResult(self._source, self._serving, order), True

    def _steps(self, order: Order, *, show: bool = False) -> Iterator[int]:
        """Build the order; yield the number of known rows, every few milliseconds if possible. With ``show``,
        the rows that a search finds are the result until there is a better one."""
        assert not isinstance(order, PartialResult)
        if not isinstance(order, Tree | ByKey):
            yield from order.build()
            return
        by_key = order.by_key if isinstance(order, Tree) else order
        began, patient = monotonic(), by_key.asks_values
        while order.grow():
            if patient and by_key.count < FIRST_PAGE and monotonic() - began > RARE_AFTER_SECONDS:
                yield from self._meet(by_key, show=show)
                patient = False
            shown = self._answer.order
            if show and isinstance(shown, PartialResult) and order.count >= shown.count:
                self._settle(order)
            yield order.count

    def _meet(self, by_key: ByKey, *, show: bool) -> Iterator[int]:
        """Search the values; with ``show``, the first matches are the result for the time being."""
        met: list[int] = []
        told = 0.0
        for rowid in by_key.read_values():
            met.append(rowid)
            now = monotonic()
            if show and len(met) <= FIRST_PAGE and now - told >= PROGRESS_SECONDS / 2:
                found = PartialResult(self._source.in_key_order(met, descending=by_key.query.descending))
                self._settle(found)
                told = now
                yield found.count
            elif len(met) % CHECK_EVERY_ROWS == 0:
                yield len(met)

    def _follow(self) -> None:
        """Take in the commits since the last call: patch the result, or mark it as outdated."""
        if self._source.moved():
            # If interrupted here, the changes cannot be asked for again; then all keys are read again.
            known, self._index = self._index, KeyIndex(self._source)
            keys = self._source.came_or_went()
            patched = None if keys is None else known.patched(keys)
            if patched is None:
                self._outdated = True
            else:
                self._patch(*patched)
        if not self._outdated and self._answer.has_gaps(*self._seen):
            self._index, self._outdated = KeyIndex(self._source), True

    def _patch(self, index: KeyIndex, numbers: list[int]) -> None:
        """Continue with this index, which differs in these runs."""
        self._index = index
        generation, order = self._answer.generation, self._answer.order
        if isinstance(order, ByKey) and not order.asks_values:
            self._answer = QueryResult(self._source, generation, order.patched(index, numbers))
        elif isinstance(order, Tree) and not order.by_key.asks_values:
            by_key = order.by_key.patched(index, numbers)
            if by_key is not order.by_key:
                self._renewed, self._outdated = Tree(by_key, self._opened), True
        else:
            self._outdated = True


def _order_of(source: KeySource, index: KeyIndex, query: Query, opened: frozenset[bytes]) -> Order:
    if query.tree:
        return Tree(ByKey(source, index, query._replace(sort="key", descending=False)), opened)
    return ByKey(source, index, query) if query.sort == "key" else source.sorted_rows(query)
