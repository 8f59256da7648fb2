"""The marked keys, to act on all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol

    from sloth_tui.model import Row

    class Touched(Protocol):
        """The keys that runs have changed."""

        def holds(self, row: Row) -> bool:
            """Return True for one of these keys, and for a node with one of them below it."""


MAX_MARKS = 100_000
"""Marked keys are held in memory, and actions handle them one by one."""


class Marks:
    """Marked keys, and those of a range that is being chosen. Keys, not lines: they stay valid whatever the
    table shows."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self.range: frozenset[str] = frozenset()
        """Keys of the range that is being chosen."""

    def __contains__(self, key: str) -> bool:
        return key in self._keys or key in self.range

    def __len__(self) -> int:
        return len(self._keys | self.range) if self.range else len(self._keys)

    def in_order(self) -> list[str]:
        return sorted(self._keys | self.range)

    def add(self, keys: Iterable[str]) -> None:
        self._keys.update(keys)

    def flip(self, keys: Iterable[str]) -> None:
        """Mark those of ``keys`` that are unmarked, and unmark the others."""
        self._keys ^= set(keys)

    def flip_together(self, keys: Iterable[str]) -> None:
        """Mark all of ``keys``; if all are marked, unmark them."""
        keys = set(keys)
        if keys <= self._keys:
            self._keys -= keys
        else:
            self._keys |= keys

    def keep(self, keys: Iterable[str]) -> None:
        """Unmark all but these."""
        there = frozenset(keys)
        self._keys &= there
        self.range &= there

    def clear(self) -> None:
        self._keys.clear()
        self.range = frozenset()
