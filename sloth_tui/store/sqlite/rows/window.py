"""A moving window on a table of millions: which rows pass a query, and those of them a screen shows.

The answer to a query is an order of rowids, found in slices, the first page first; rows themselves are read
only for the pages somebody looks at. An answer has the number of its generation, which whoever asks counts
up: as soon as :meth:`Window.supersede` names a newer one, work on the old ends within milliseconds and its
pages are refused.
"""

from __future__ import annotations

from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING

import apsw

from sloth_tui.store.sqlite.engine.connection import OpenDatabase
from sloth_tui.store.sqlite.engine.errors import UNREADABLE, translate
from sloth_tui.store.sqlite.rows.changes import Changes
from sloth_tui.store.sqlite.rows.key_index import KeyIndex
from sloth_tui.store.sqlite.rows.key_tree import Tree, prefixes
from sloth_tui.store.sqlite.rows.order import FIRST_PAGE, ByKey, Sorted
from sloth_tui.store.sqlite.rows.partial import Found
from sloth_tui.store.sqlite.rows.result import Answered
from sloth_tui.store.sqlite.rows.row_reader import SIZE, TYPE, UPDATED, count_rows, read_rows
from sloth_tui.store.sqlite.schema import tables as schema
from sloth_tui.store.sqlite.sql.keys import key_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import Query, Row
    from sloth_tui.store.sqlite.rows.result import Order

TELL_EVERY = 0.15
"""Seconds between two reports of progress."""
SEARCHED = 500
"""Rows met by a search between two looks whether it is still wanted."""
RARE_AFTER = 0.02
"""Seconds of search by value after which a first page that is not full means that matches are rare."""
BREATH = 0.0002
"""Seconds of rest between two steps of work that nobody waits for. It is Python that works, and a thread that
draws gets its turn at once instead of after an interpreter's switch interval."""
_CHECK_EVERY = 20_000
"""Steps of SQLite's machine between two looks whether an answer is still wanted: a millisecond or two."""

_SORTED_BY = {"type": TYPE, "size": SIZE, "updated": UPDATED, "revision": "revision"}


class Window(Answered):
    """Works on connections of its own, so that ending a query touches nobody else's.

    :meth:`supersede` may be called from any thread and never waits. :meth:`page` may be called from any
    thread, while another one indexes too. The other methods belong to one thread. All raise DatabaseUnusable
    where the database cannot be read; where there is none yet, it counts as empty.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._database = OpenDatabase(path)
        self._connection: apsw.Connection | None = None
        self._changes: Changes | None = None
        self._index: KeyIndex | None = None
        self._latest = self._serving = -1
        self._answer: tuple[int, Order | None] = (-1, None)
        self._complete = self._outdated = False
        self._reordered = False
        self._renewed: Tree | None = None
        """What takes the place of the answer there is, once it has grown."""
        self._opened: frozenset[bytes] = frozenset()
        """Prefixes of the nodes that are open in a tree."""
        self._seen: tuple[int, int] = (0, 0)
        self._page_lock = Lock()
        self._page_database: OpenDatabase | None = None

    def supersede(self, generation: int) -> None:
        """From now on only this generation is wanted."""
        self._latest = generation

    def index(self, query: Query, generation: int) -> Iterator[tuple[int, bool]]:
        """Find the rows that pass ``query``; yields (how many so far, whether that is all).

        From the first pair on pages of them can be had. The same generation again brings its answer up to
        date with what was committed meanwhile and yields once; until then the old one can be had. Ends
        without a pair that says all when superseded. A generation must have been named to
        :meth:`supersede` first.
        """
        self._serving = generation
        try:
            if generation == self._latest:
                answered = self._complete and self._answer[0] == generation
                yield from self._update(query) if answered else self._begin(query)
        except apsw.InterruptError:
            self._outdated, self._renewed = True, None
        except UNREADABLE as error:
            raise translate(error, self._path) from error

    def fold(self, prefix: str, *, opened: bool) -> None:
        """Open or close a node; :meth:`index` with the same generation brings the answer up to date. May be
        called from any thread."""
        stored = key_bytes(prefix)
        if stored is not None:
            self._opened = self._opened | {stored} if opened else self._opened - {stored}

    def reveal(self, key: str) -> None:
        """Open the nodes around a key, likewise."""
        self._opened |= frozenset(prefixes(key_bytes(key) or b""))

    def page(self, generation: int, first: int, count: int) -> list[Row | None] | None:
        """The rows at ``first`` and following, fewer at the end; None stands for one that has gone. None for
        all: this generation's answer is not to be had (any more)."""
        answered, order = self._answer
        if generation != answered or order is None:
            return None
        self._seen = (first, count)
        with self._page_lock:
            if self._page_database is None:
                self._page_database = OpenDatabase(self._path)
            self._page_database.refresh()
            try:
                if isinstance(order, Tree):
                    return order.page(self._page_database.connection, first, count)
                return read_rows(self._page_database.connection, order.rowids(first, count))
            except UNREADABLE as error:
                raise translate(error, self._path) from error

    def close(self) -> None:
        self._latest = -1
        self._answer = (-1, None)
        self._database.close()
        with self._page_lock:
            if self._page_database is not None:
                self._page_database.close()

    def _begin(self, query: Query) -> Iterator[tuple[int, bool]]:
        """Answer a new query."""
        self._follow()
        order = self._order(query)
        self._complete = self._outdated = False
        self._renewed, self._reordered = None, False
        self._seen = (0, 0)
        self._answer = (self._serving, order)
        began, full = monotonic(), False
        told = began
        for count in self._steps(order, show=not query.tree):
            if self._serving != self._latest:
                return
            now = monotonic()
            met = self._answer[1]
            if isinstance(met, Found):
                if self._reordered:
                    yield met.count, False
                continue
            if isinstance(order, Tree) and order.open(self._opened):
                yield order.count, False
                told, full = now, True
            elif isinstance(order, Tree) and not full and count and now - began > RARE_AFTER:
                # Few lines may be all there are for long, while keys are counted.
                yield count, False
                told, full = now, True
            if (count >= FIRST_PAGE and not full) or (count and now - told >= TELL_EVERY):
                yield count, False
                told, full = now, count >= FIRST_PAGE
            if full:
                sleep(BREATH)
        self._settle(order)
        self._complete = True
        yield order.count, True

    def _update(self, query: Query) -> Iterator[tuple[int, bool]]:
        """Bring the answer there is up to date."""
        self._follow()
        if self._outdated:
            order, self._renewed = self._renewed or self._order(query), None
            for _ in self._steps(order):
                if self._serving != self._latest:
                    return
                sleep(BREATH)
            self._answer = (self._serving, order)
            self._outdated = False
        tree = self._answer[1]
        if isinstance(tree, Tree) and tree.open(self._opened):
            yield from self._unfold(tree)
        yield self._answer[1].count if self._answer[1] else 0, True

    def _unfold(self, tree: Tree) -> Iterator[tuple[int, bool]]:
        """Find what is in nodes that were opened; yields when the first of it is there, and then and when."""
        told = 0.0
        for _ in self._steps(tree):
            if self._serving != self._latest:
                self._outdated = True
                return
            if tree.open(self._opened):
                # Somebody went on: that is not to wait for the rest of this.
                told = 0.0
            if monotonic() - told >= TELL_EVERY:
                told = monotonic()
                yield tree.count, False
            sleep(BREATH)

    def _order(self, query: Query) -> Order:
        assert self._connection is not None
        assert self._index is not None
        if query.tree:
            by_key = ByKey(self._connection, self._index, query._replace(sort="key", descending=False))
            return Tree(by_key, self._opened)
        if query.sort == "key":
            return ByKey(self._connection, self._index, query)
        return Sorted(self._connection, query, _SORTED_BY[query.sort])

    def take_reordered(self) -> bool:
        """Whether the answer has other rows at the places that were told before."""
        reordered, self._reordered = self._reordered, False
        return reordered

    def _settle(self, order: Order) -> None:
        """Show this order instead of what was found for the time being."""
        if self._answer[1] is not order:
            self._answer, self._reordered = (self._serving, order), True

    def _steps(self, order: Order, *, show: bool = False) -> Iterator[int]:
        """Build the order; yields how many rows are known, every few milliseconds where that is possible.
        ``show``: what a search meets is the answer until there is a better one."""
        if isinstance(order, Sorted):
            yield from order.build()
            return
        assert not isinstance(order, Found)
        by_key = order.by_key if isinstance(order, Tree) else order
        began, patient = monotonic(), by_key.asks_values
        while order.grow():
            if patient and by_key.count < FIRST_PAGE and monotonic() - began > RARE_AFTER:
                yield from self._meet(by_key, show=show)
                patient = False
            shown = self._answer[1]
            if show and isinstance(shown, Found) and order.count >= shown.count:
                self._settle(order)
            yield order.count

    def _meet(self, by_key: ByKey, *, show: bool) -> Iterator[int]:
        """Search the values; the first that are met are the answer for the time being."""
        met: list[int] = []
        told = 0.0
        for rowid in by_key.read_values():
            met.append(rowid)
            now = monotonic()
            if show and len(met) <= FIRST_PAGE and now - told >= TELL_EVERY / 2:
                assert self._connection is not None
                found = Found(self._connection, met, descending=by_key.query.descending)
                self._answer, self._reordered, told = (self._serving, found), True, now
                yield found.count
            elif len(met) % SEARCHED == 0:
                yield len(met)

    def _follow(self) -> None:
        """Take in what was committed since the last look; where that takes more than to patch the answer, it
        is outdated."""
        self._database.refresh()
        if self._connection is not self._database.connection or self._changes is None or self._index is None:
            self._connect()
        elif self._changes.moved():
            keys = self._changes.came_or_went()
            patched = None if keys is None else self._index.patched(keys)
            if patched is None:
                self._index, self._outdated = KeyIndex(self._connection), True
            else:
                self._patch(*patched)
        if not self._outdated and self._has_gaps():
            self._index, self._outdated = KeyIndex(self._database.connection), True

    def _connect(self) -> None:
        """Begin with a connection nothing is known of."""
        self._connection = self._database.connection
        self._connection.set_progress_handler(lambda: self._serving != self._latest, _CHECK_EVERY)
        self._changes = Changes(self._connection, recorded=self._database.kind in (schema.OURS, schema.OLDER))
        self._index, self._outdated = KeyIndex(self._connection), True

    def _patch(self, index: KeyIndex, numbers: list[int]) -> None:
        """Go on with this index, which differs in these runs."""
        self._index = index
        generation, order = self._answer
        if isinstance(order, ByKey) and not order.asks_values:
            self._answer = (generation, order.patched(index, numbers))
        elif isinstance(order, Tree) and not order.by_key.asks_values:
            by_key = order.by_key.patched(index, numbers)
            if by_key is not order.by_key:
                self._renewed, self._outdated = Tree(by_key, self._opened), True
        else:
            self._outdated = True

    def _has_gaps(self) -> bool:
        """Whether rows that were shown last are no more: another program may have replaced them by equal
        ones, which no history tells."""
        order = self._answer[1]
        # In a tree, a node and the first row in it are the same row.
        rowids = [] if order is None else list(set(order.rowids(*self._seen)))
        return bool(rowids) and count_rows(self._database.connection, rowids) < len(rowids)
