"""Which rows a query lets through, in its order: rowids by position.

Both kinds only grow while they are built, so that another thread may ask them for rows meanwhile.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from itertools import accumulate, islice

from sloth_tui.store.sqlite.rows.key_index import KEY_RANGE, after_prefix, compact, integers
from sloth_tui.store.sqlite.rows.terms import Terms, key_conditions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    import apsw

    from sloth_tui.model import Query
    from sloth_tui.store.sqlite.rows.key_index import KeyIndex

FIRST_PAGE = 200
"""Rows that fill any screen: found before all others."""
SLICE = 20_000
"""Rows taken from a sorted answer at once."""

_IN_RANGE = f"SELECT rowid FROM state WHERE {KEY_RANGE} AND "
_ANYWHERE = "SELECT rowid FROM state WHERE "


class ByKey:
    """Rows in key order, or its reverse: of each run of the index those that pass."""

    def __init__(self, connection: apsw.Connection, index: KeyIndex, query: Query) -> None:
        self.query = query
        self.index = index
        self._connection = connection
        self._terms = Terms(query)
        self._beyond = self._terms.beyond
        self._passing: list[array[int]] = []
        """For each run looked through, in the order of the query."""
        self._ends: list[int] = []
        """How many rows pass up to and including each of these runs."""
        self._having = " AND ".join(self._terms.value_conditions)
        self._having_value: frozenset[int] | None = None
        self.complete = False
        """Set when all that pass are found."""
        self._keys: tuple[int, list[bytes]] = (-1, [])
        """The keys of the run that was last asked for, and which that is."""

    @property
    def asks_values(self) -> bool:
        """Whether values have to be read to find what passes."""
        return bool(self._having)

    @property
    def count(self) -> int:
        ends = self._ends
        return ends[-1] if ends else 0

    def grow(self) -> bool:
        """Take one step of about a millisecond; False when all that pass are found."""
        if not self._within_reach():
            return self.index.grow()
        number = self._run_at(len(self._ends))
        if number < self._first_run():
            return False
        if number > self._last_run():
            return not self._reaches(self._beyond) and self.index.grow()
        rows = self._look_through(number)
        self._passing.append(rows)
        self._ends.append(self.count + len(rows))
        return True

    def rowids(self, first: int, count: int) -> list[int]:
        """Those at ``first`` and following."""
        found: list[int] = []
        slot = bisect_right(self._ends, first)
        while len(found) < count and slot < len(self._ends):
            rows = self._passing[slot]
            skipped = max(first - (self._ends[slot] - len(rows)), 0)
            found += rows[skipped : skipped + count - len(found)]
            slot += 1
        return found

    def position(self, key: bytes) -> int | None:
        """Where a key is; None if it is not there, or not yet."""
        number = self.index.locate(key)
        slot = None if number is None else self._slot_of(number)
        if number is None or slot is None:
            return None
        rowid = self.index.run(number).rowid(key)
        rows = self._passing[slot]
        if rowid is None or rowid not in rows:
            return None
        return self._ends[slot] - len(rows) + rows.index(rowid)

    # For trees, of an ascending order. Runs looked through are numbered in key order: slots.

    @property
    def slots(self) -> int:
        return len(self._ends)

    def start_of(self, slot: int) -> int:
        """Where the rows of a slot begin."""
        return self._ends[slot] - len(self._passing[slot])

    def end_of(self, slot: int) -> int:
        return self._ends[slot]

    def slot_before(self, key: bytes) -> int:
        """A slot before which there is neither this key nor a greater one."""
        number = self.index.locate(key)
        return self.slots if number is None else max(number - self._first_run(), 0)

    def ends_before(self, slot: int, key: bytes) -> bool:
        """Whether certainly no row of this slot has this key or a greater one."""
        return not self._passing[slot] or self.index.last(self._first_run() + slot) < key

    def slot_holds_only(self, slot: int, prefix: bytes, without: tuple[bytes, ...], low: bytes) -> bool:
        """Whether certainly all keys of a slot begin with ``prefix``, have nothing of ``without`` after it
        and are not smaller than ``low``."""
        run = self.index.run(self._first_run() + slot)
        return low <= run.low and run.holds_only(prefix, without)

    def keys_at(self, slot: int) -> list[bytes]:
        """The keys of the rows in a slot."""
        if self._keys[0] != slot:
            run, rows = self.index.run(self._first_run() + slot), self._passing[slot]
            keys = run.keys()
            if len(rows) < len(keys):
                wanted = frozenset(rows)
                keys = [key for key, rowid in zip(keys, run.rowids, strict=True) if rowid in wanted]
            self._keys = slot, keys
        return self._keys[1]

    def rank(self, key: bytes) -> int:
        """How many rows, of those found so far, have smaller keys."""
        slot = self.slot_before(key)
        return self.start_of(slot) + bisect_left(self.keys_at(slot), key) if slot < self.slots else self.count

    def range(self, prefix: bytes) -> tuple[int, int]:
        """Where the rows with this prefix are: the first, and the one behind the last."""
        beyond = after_prefix(prefix)
        return self.rank(prefix), self.count if beyond is None else self.rank(beyond)

    def patched(self, index: KeyIndex, numbers: list[int]) -> Self:
        """The same over ``index``, which differs in the runs of these ``numbers``."""
        if not numbers:
            return self
        new = type(self)(self._connection, index, self.query)
        new._passing, new.complete = list(self._passing), self.complete
        for number in numbers:
            slot = new._slot_of(number)
            if slot is not None:
                new._passing[slot] = new._look_through(number)
        new._ends = list(accumulate(map(len, new._passing)))
        return new

    def read_values(self) -> Iterator[int]:
        """Find all that pass in the order they are stored in: where matches are rare, many times faster than
        to fetch the values in key order. Yields each row as it is met."""
        conditions, bindings = list(self._terms.value_conditions), dict(self._terms.values)
        if self._terms.tests:
            of_keys, more = key_conditions(self.query, self._terms)
            conditions += of_keys
            bindings |= more
        found = []
        for rowid in integers(self._connection.execute(_ANYWHERE + " AND ".join(conditions), bindings)):
            found.append(rowid)
            yield rowid
        self._having_value = frozenset(found)

    def _within_reach(self) -> bool:
        """Whether the index has been read far enough to begin: up to the prefix, or for a descending query
        past it."""
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
        """Where a run was looked through; None: not yet, or it cannot hold what passes."""
        slot = self._last_run() - number if self.query.descending else number - self._first_run()
        return slot if 0 <= slot < len(self._passing) else None

    def _look_through(self, number: int) -> array[int]:
        run = self.index.run(number)
        rows = run.passing(self._terms.tests)
        if self._having and rows:
            having = self._having_value
            if having is None:
                low, high = self.index.bounds(number)
                bounds = {**self._terms.values, "low": low, "high": high}
                having = frozenset(integers(self._connection.execute(_IN_RANGE + self._having, bounds)))
            rows = compact([rowid for rowid in rows if rowid in having])
        return rows[::-1] if self.query.descending else rows


class Sorted:
    """Rows in the order of another column, as the database sorts them."""

    def __init__(self, connection: apsw.Connection, query: Query, expression: str) -> None:
        self.query = query
        self._connection = connection
        self._expression = expression
        self._terms = Terms(query)
        self._rows: array[int] = array("q")

    @property
    def count(self) -> int:
        return len(self._rows)

    def build(self) -> Iterator[int]:
        """Find the first page, then all; yields how many are known."""
        self._rows.extend(integers(self._select(FIRST_PAGE)))
        yield len(self._rows)
        if len(self._rows) < FIRST_PAGE:
            return
        answer = integers(self._select(-1))
        rows = array("q", islice(answer, SLICE))
        self._rows = rows
        while len(rows) % SLICE == 0:
            yield len(rows)
            known = len(rows)
            rows.extend(islice(answer, SLICE))
            if len(rows) == known:
                return

    def rowids(self, first: int, count: int) -> list[int]:
        return self._rows[first : first + count].tolist()

    def position(self, key: bytes) -> int | None:
        """Where a key is; None if it is not there, or not yet."""
        rowid = self._connection.execute("SELECT rowid FROM state WHERE key = CAST(? AS TEXT)", (key,)).get
        try:
            return self._rows.index(rowid)
        except (ValueError, TypeError):
            return None

    def _select(self, limit: int) -> apsw.Cursor:
        conditions, bindings = key_conditions(self.query, self._terms)
        conditions += self._terms.value_conditions
        direction = "DESC" if self.query.descending else "ASC"
        return self._connection.execute(
            f"SELECT rowid FROM state WHERE {' AND '.join(conditions)} "
            f"ORDER BY {self._expression} {direction}, key LIMIT :limit",
            {**bindings, **self._terms.values, "limit": limit},
        )
