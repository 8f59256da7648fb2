"""Rows in a dictionary: the least that a window can be opened on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import Interrupted
from sloth_tui.model import Row
from sloth_tui.store.rows.run import pack_keys
from sloth_tui.values.codec import decode_key, key_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sloth_tui.model import Query
    from sloth_tui.store.rows.run import Run
    from sloth_tui.store.rows.terms import Terms


class SortedInMemory:
    """See :class:`sloth_tui.store.rows.source.SortedRows`."""

    def __init__(self, keys: list[bytes], rows: dict[bytes, tuple[int, str]]) -> None:
        self._keys = keys
        self._rows = rows

    @property
    def count(self) -> int:
        return len(self._keys)

    def build(self) -> Iterator[int]:
        yield len(self._keys)

    def rowids(self, first: int, count: int) -> list[int]:
        return [self._rows[key][0] for key in self._keys[first : first + count]]

    def position(self, key: bytes) -> int | None:
        return self._keys.index(key) if key in self._keys else None


class MemorySource:
    """See :class:`sloth_tui.store.rows.source.KeySource`."""

    def __init__(self) -> None:
        self.rows: dict[bytes, tuple[int, str]] = {}
        self.before_run: Callable[[], object] = lambda: None
        """Called before a run is read."""
        self._came_or_went: set[bytes] | None = None
        self._moved = True
        self._numbers = 0
        self._is_superseded: Callable[[], bool] = lambda: False

    def put(self, key: str, value: str) -> None:
        stored = key.encode()
        if stored not in self.rows:
            self._numbers += 1
            self._note(stored)
        number = self.rows[stored][0] if stored in self.rows else self._numbers
        self.rows[stored] = number, value
        self._moved = True

    def drop(self, key: str) -> None:
        del self.rows[key.encode()]
        self._note(key.encode())
        self._moved = True

    def _note(self, key: bytes) -> None:
        if self._came_or_went is not None:
            self._came_or_went.add(key)

    def stop_when(self, is_superseded: Callable[[], bool]) -> None:
        self._is_superseded = is_superseded

    def moved(self) -> bool:
        moved, self._moved = self._moved, False
        return moved

    def came_or_went(self) -> Collection[bytes] | None:
        keys, self._came_or_went = self._came_or_went, set()
        return keys

    def read_run(self, low: bytes, high: bytes | None, limit: int | None) -> Run:
        self.before_run()
        if self._is_superseded():
            raise Interrupted
        keys = sorted(key for key in self.rows if low <= key and (high is None or key < high))[:limit]
        return pack_keys(low, keys, [self.rows[key][0] for key in keys])

    def with_values(self, terms: Terms, low: bytes, high: bytes | None) -> frozenset[int]:
        return frozenset(
            number
            for key, (number, value) in self.rows.items()
            if low <= key and (high is None or key < high) and _passes(value, terms)
        )

    def search(self, terms: Terms) -> Iterator[int]:
        for number, value in self.rows.values():
            if _passes(value, terms):
                yield number

    def sorted_rows(self, query: Query) -> SortedInMemory:
        assert query.sort == "size"
        keys = sorted(key for key in self.rows if key.startswith(query.prefix.encode()))
        keys.sort(key=lambda key: len(self.rows[key][1]), reverse=query.descending)
        return SortedInMemory(keys, dict(self.rows))

    def in_key_order(self, rowids: Sequence[int], *, descending: bool) -> Sequence[int]:
        keys = self._keys()
        return sorted((row for row in rowids if row in keys), key=lambda row: keys[row], reverse=descending)

    def read_rows(self, rowids: Sequence[int]) -> list[Row | None]:
        keys = self._keys()
        return [self._row(keys[row]) if row in keys else None for row in rowids]

    def count_rows(self, rowids: Sequence[int]) -> int:
        keys = self._keys()
        return sum(row in keys for row in rowids)

    def read_keys(self, rowids: Sequence[int]) -> list[str]:
        keys = self._keys()
        return [decode_key(keys[row]) for row in rowids if row in keys]

    def existing(self, keys: Sequence[str]) -> frozenset[str]:
        return frozenset(key for key in keys if key_bytes(key) in self.rows)

    def close(self) -> None:
        return

    def _keys(self) -> dict[int, bytes]:
        return {number: key for key, (number, _) in self.rows.items()}

    def _row(self, key: bytes) -> Row:
        value = self.rows[key][1]
        return Row(decode_key(key), value, "string", len(value), None, None)


def _passes(value: str, terms: Terms) -> bool:
    return all((text in value.encode()) is not inverse for text, inverse in terms.values)
