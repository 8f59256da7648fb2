"""Rows in the order of another column than the key: every entry is read once for it."""

from __future__ import annotations

from array import array

from sloth_tui.store.etcd.snapshots import walking
from sloth_tui.store.etcd.snapshots.blobs import stored_of
from sloth_tui.store.rows.terms import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from sloth_tui.model import Query
    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.rows.key_list import KeyList
    from sloth_tui.store.etcd.session import Session

_STEP_ROWS = 2000
"""Rows read between two reports."""
_COLUMNS: dict[str, Callable[[Kept], Any]] = {
    "type": lambda kept: kept.kind,
    "size": lambda kept: kept.size,
    "updated": lambda kept: kept.updated,
    "revision": lambda kept: kept.revision,
}


class Sorted:
    """See :class:`sloth_tui.store.rows.source.SortedRows`. Rows are known when all entries were read: a
    server cannot sort by what is inside of values."""

    __slots__ = ("_check", "_keys", "_query", "_rows", "_session", "_terms")

    def __init__(self, session: Session, keys: KeyList, query: Query, check: Callable[[], None]) -> None:
        """``check`` raises Interrupted when the rows are no longer wanted."""
        self._session = session
        self._keys = keys
        self._query = query
        self._terms = Terms(query)
        self._check = check
        self._rows: array[int] = array("q")

    @property
    def count(self) -> int:
        return len(self._rows)

    def build(self) -> Iterator[int]:
        column, terms = _COLUMNS[self._query.sort], self._terms
        beyond = terms.beyond if terms.prefix else None
        found: list[tuple[Any, int]] = []
        wanted = self._wanted()
        now = self._session.now()
        for read, (key, kept) in enumerate(walking.entries_between(self._session, terms.prefix, beyond), 1):
            if read % _STEP_ROWS == 0:
                self._check()
                yield 0
            number = self._keys.number(key)
            if kept.is_over(now):
                continue
            if number is not None and (wanted is None or number in wanted) and self._has_values(kept):
                found.append((column(kept), number))
        # The entries came in key order and stay so where the column is equal, whichever way it is sorted.
        found.sort(key=lambda row: row[0], reverse=self._query.descending)
        self._rows = array("q", [number for _, number in found])
        yield len(self._rows)

    def rowids(self, first: int, count: int) -> list[int]:
        return self._rows[first : first + count].tolist()

    def position(self, key: bytes) -> int | None:
        number = self._keys.number(key)
        try:
            return None if number is None else self._rows.index(number)
        except ValueError:
            return None

    def _wanted(self) -> frozenset[int] | None:
        """Return the numbers of the keys that pass the tests; None for all."""
        if not self._terms.tests:
            return None
        from sloth_tui.store.rows.run import pack_keys

        keys = self._keys
        whole = pack_keys(b"", list(keys.keys), keys.numbers(0, len(keys)).tolist())
        return frozenset(whole.passing(self._terms.tests))

    def _has_values(self, kept: Kept) -> bool:
        if not self._terms.values:
            return True
        stored = stored_of(self._session, kept)
        return all((text in stored) is not inverse for text, inverse in self._terms.values)
