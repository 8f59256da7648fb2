"""What a backend provides for the rows of a table. Typing only: nothing imports this at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from sloth_tui.model import Query, Row
    from sloth_tui.store.rows.run import Run
    from sloth_tui.store.rows.terms import Terms


class SortedRows(Protocol):
    """Rows in the order of another column than the key, as the backend sorts them."""

    @property
    def count(self) -> int:
        """Number of rows known so far."""

    def build(self) -> Iterator[int]:
        """Find the first page, then all rows; yield the number known."""

    def rowids(self, first: int, count: int) -> list[int]:
        """Return up to ``count`` rowids from position ``first`` on."""

    def position(self, key: bytes) -> int | None:
        """Return the position of a key; None if it is not there, or not found yet."""


class KeySource(Protocol):
    """Keys, and the rows they are in.

    A row has a number, unique while the row exists; a key that is added again may be in another row.
    Keys are the bytes that :func:`sloth_tui.values.codec.key_bytes` makes, in their order. :meth:`read_rows`
    may be called from any thread, the other methods belong to one. All raise DatabaseUnusable if the database
    cannot be read; a database that does not exist yet counts as empty.
    """

    def stop_when(self, is_superseded: Callable[[], bool]) -> None:
        """Call ``is_superseded`` every millisecond or two of work, except in :meth:`read_rows`, and raise
        Interrupted if it returns True."""

    def moved(self) -> bool:
        """Return True if something may have been committed since the last call, and on the first call. Takes
        microseconds."""

    def came_or_went(self) -> Collection[bytes] | None:
        """Return the keys that were added, deleted or moved to another row; call it after :meth:`moved`
        returned True. None: too many, or unknown; everything may differ."""

    def read_run(self, low: bytes, high: bytes | None, limit: int | None) -> Run:
        """Return the first ``limit`` keys (None: all) from ``low`` up to, not including, ``high`` (None: no
        end)."""

    def with_values(self, terms: Terms, low: bytes, high: bytes | None) -> frozenset[int]:
        """Return the rows between these keys whose values match."""

    def search(self, terms: Terms) -> Iterator[int]:
        """Yield the rows whose keys and values match, in the fastest order, each as soon as it is found."""

    def sorted_rows(self, query: Query) -> SortedRows: ...

    def in_key_order(self, rowids: Sequence[int], *, descending: bool) -> Sequence[int]:
        """Return those of these rows that still exist, in the order of their keys."""

    def read_rows(self, rowids: Sequence[int]) -> list[Row | None]:
        """Return the rows with these numbers, from one snapshot; None for a row that no longer exists."""

    def count_rows(self, rowids: Sequence[int]) -> int:
        """Return how many of these rows exist."""

    def read_keys(self, rowids: Sequence[int]) -> list[str]:
        """Return the keys of the rows with these numbers, in this order, without rows that no longer
        exist."""

    def existing(self, keys: Sequence[str]) -> frozenset[str]:
        """Return those of ``keys`` that exist."""

    def close(self) -> None: ...
