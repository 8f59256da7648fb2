"""Which keys a person has marked, to act on all of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 100_000
"""Keys that can be marked at most: they are held in memory, and what is done to them is done one by one."""


class Marks:
    """Marked keys, and those of a range that is being chosen. They are keys and not lines, so that they stay
    what they are whatever the table shows."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self.range: frozenset[str] = frozenset()
        """Keys that are marked as long as nobody gives the range up."""

    def __contains__(self, key: str) -> bool:
        return key in self._keys or key in self.range

    def __len__(self) -> int:
        return len(self._keys | self.range) if self.range else len(self._keys)

    def in_order(self) -> list[str]:
        return sorted(self._keys | self.range)

    def add(self, keys: Iterable[str]) -> None:
        self._keys.update(keys)

    def flip(self, keys: Iterable[str]) -> None:
        """Mark those of ``keys`` that are not, and take the marks of the others away."""
        self._keys ^= set(keys)

    def flip_together(self, keys: Iterable[str]) -> None:
        """Mark all of ``keys``; take their marks away where all have one."""
        keys = set(keys)
        if keys <= self._keys:
            self._keys -= keys
        else:
            self._keys |= keys

    def keep(self, keys: Iterable[str]) -> None:
        """Only these may be marked."""
        there = frozenset(keys)
        self._keys &= there
        self.range &= there

    def clear(self) -> None:
        self._keys.clear()
        self.range = frozenset()
