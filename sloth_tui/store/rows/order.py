"""The rows that match a query, in the order of their keys: rowids by position."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate

from sloth_tui.store.rows.run import compact
from sloth_tui.store.rows.terms import Terms
from sloth_tui.values.codec import after_prefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterator
    from typing import Self

    from sloth_tui.model import Query
    from sloth_tui.store.rows.key_index import KeyIndex
    from sloth_tui.store.rows.source import KeySource

FIRST_PAGE = 200
"""Number of rows that fills any screen; they are found first."""


class ByKey:
    """Rows in key order, or its reverse: those of each run of the index that match.

    It only grows while it is built, so another thread may ask for rows at the same time.
    """

    def __init__(self, source: KeySource, index: KeyIndex, query: Query) -> None:
        self.query = query
        self.index = index
        self._source = source
        self._terms = Terms(query)
        self._beyond = self._terms.beyond
        self._passing: list[array[int]] = []
        """The matching rows of each searched run, in the order of the query."""
        self._ends: list[int] = []
        """The number of matches up to and including each of these runs."""
        self._having_value: frozenset[int] | None = None
        self.complete = False
        """True once all matches are found."""
        self._keys: tuple[int, list[bytes]] = (-1, [])
        """Number and keys of the run that was last asked for."""

    @property
    def asks_values(self) -> bool:
        """True if finding the matches requires reading values."""
        return bool(self._terms.values)

    @property
    def count(self) -> int:
        ends = self._ends
        return ends[-1] if ends else 0

    def grow(self) -> bool:
        """Take one step of about a millisecond; return False if all matches are found."""
        if not self._within_reach():
            return self.index.grow()
        number = self._run_at(len(self._ends))
        if number < self._first_run():
            return False
        if number > self._last_run():
            return not self._reaches(self._beyond) and self.index.grow()
        rows = self._search_run(number)
        self._passing.append(rows)
        self._ends.append(self.count + len(rows))
        return True

    def rowids(self, first: int, count: int) -> list[int]:
        """Return up to ``count`` rowids from position ``first`` on."""
        found: list[int] = []
        slot = bisect_right(self._ends, first)
        while len(found) < count and slot < len(self._ends):
            rows = self._passing[slot]
            skipped = max(first - (self._ends[slot] - len(rows)), 0)
            found += rows[skipped : skipped + count - len(found)]
            slot += 1
        return found

    def position(self, key: bytes) -> int | None:
        """Return the position of a key; None if it is not there, or not found yet."""
        number = self.index.locate(key)
        slot = None if number is None else self._slot_of(number)
        if number is None or slot is None:
            return None
        rowid = self.index.run(number).rowid(key)
        rows = self._passing[slot]
        if rowid is None or rowid not in rows:
            return None
        return self._ends[slot] - len(rows) + rows.index(rowid)

    # For trees, which need an ascending order. A slot is the number of a searched run, in key order.

    @property
    def slots(self) -> int:
        return len(self._ends)

    def start_of(self, slot: int) -> int:
        """Return the position of the first row of a slot."""
        return self._ends[slot] - len(self._passing[slot])

    def end_of(self, slot: int) -> int:
        return self._ends[slot]

    def slot_before(self, key: bytes) -> int:
        """Return a slot such that all slots before it have only smaller keys."""
        number = self.index.locate(key)
        return self.slots if number is None else max(number - self._first_run(), 0)

    def ends_before(self, slot: int, key: bytes) -> bool:
        """Return True if all rows of this slot certainly have smaller keys."""
        return not self._passing[slot] or self.index.last(self._first_run() + slot) < key

    def slot_holds_only(self, slot: int, prefix: bytes, without: tuple[bytes, ...], low: bytes) -> bool:
        """Return True if all keys of a slot certainly begin with ``prefix``, contain nothing of ``without``
        after it and are not smaller than ``low``."""
        run = self.index.run(self._first_run() + slot)
        return low <= run.low and run.holds_only(prefix, without)

    def keys_at(self, slot: int) -> list[bytes]:
        """Return the keys of the rows in a slot."""
        if self._keys[0] != slot:
            run, rows = self.index.run(self._first_run() + slot), self._passing[slot]
            keys = run.keys()
            if len(rows) < len(keys):
                wanted = frozenset(rows)
                keys = [key for key, rowid in zip(keys, run.rowids, strict=True) if rowid in wanted]
            self._keys = slot, keys
        return self._keys[1]

    def rank(self, key: bytes) -> int:
        """Return how many of the rows found so far have smaller keys."""
        slot = self.slot_before(key)
        return self.start_of(slot) + bisect_left(self.keys_at(slot), key) if slot < self.slots else self.count

    def range(self, prefix: bytes) -> tuple[int, int]:
        """Return the positions of the rows with this prefix: the first, and one past the last."""
        beyond = after_prefix(prefix)
        return self.rank(prefix), self.count if beyond is None else self.rank(beyond)

    def patched(self, index: KeyIndex, numbers: list[int]) -> Self:
        """Return the same order over ``index``, which differs in the runs with these ``numbers``."""
        if not numbers:
            return self
        new = type(self)(self._source, index, self.query)
        new._passing, new.complete = list(self._passing), self.complete
        for number in numbers:
            slot = new._slot_of(number)
            if slot is not None:
                new._passing[slot] = new._search_run(number)
        new._ends = list(accumulate(map(len, new._passing)))
        return new

    def read_values(self) -> Iterator[int]:
        """Find all matches in storage order, which is much faster than key order if matches are rare. Yields
        each row as it is found."""
        found = []
        for rowid in self._source.search(self._terms):
            found.append(rowid)
            yield rowid
        self._having_value = frozenset(found)

    def _within_reach(self) -> bool:
        """Return True if the index has been read far enough to begin: up to the prefix or, for a descending
        query, past it."""
        return self.index.complete or self._reaches(
            self._beyond if self.query.descending else self._terms.prefix
        )

    def _reaches(self, key: bytes | None) -> bool:
        return key is not None and self.index.locate(key) is not None

    def _first_run(self) -> int:
        return self.index.locate(self._terms.prefix) or 0

    def _last_run(self) -> int:
        number = None if self._beyond is None else self.index.locate(self._beyond)
        return len(self.index) - 1 if number is None else number

    def _run_at(self, slot: int) -> int:
        return self._last_run() - slot if self.query.descending else self._first_run() + slot

    def _slot_of(self, number: int) -> int | None:
        """Return the slot of a run; None if it has not been searched yet, or cannot hold matches."""
        slot = self._last_run() - number if self.query.descending else number - self._first_run()
        return slot if 0 <= slot < len(self._passing) else None

    def _search_run(self, number: int) -> array[int]:
        run = self.index.run(number)
        rows = run.passing(self._terms.tests)
        if self._terms.values and rows:
            having = self._having_value
            if having is None:
                having = self._source.with_values(self._terms, *self.index.bounds(number))
            rows = compact([rowid for rowid in rows if rowid in having])
        return rows[::-1] if self.query.descending else rows
