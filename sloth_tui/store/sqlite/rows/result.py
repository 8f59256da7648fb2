"""What can be asked about the rows that a window has found, besides the rows themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import apsw

from sloth_tui.store.sqlite.engine.errors import UNREADABLE, translate
from sloth_tui.store.sqlite.rows.key_tree import Tree
from sloth_tui.store.sqlite.rows.row_reader import existing_keys, read_keys
from sloth_tui.store.sqlite.sql.keys import key_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.rows.order import ByKey, Sorted
    from sloth_tui.store.sqlite.rows.partial import Found

    Order: TypeAlias = ByKey | Sorted | Tree | Found

T = TypeVar("T")


class Answered:
    """The part of a window that looks at its answer."""

    _path: str
    _database: OpenDatabase
    _answer: tuple[int, Order | None]

    @property
    def passing(self) -> int:
        """How many keys pass, whether their lines are folded away or not, as far as is known."""
        order = self._answer[1]
        return 0 if order is None else entries_of(order).count

    def position(self, key: str, *, node: bool = False) -> int | None:
        """On which line of the current answer ``key`` is, or the ``node`` with this prefix; None if it is
        nowhere, or not yet. In a node that is closed: where that is."""
        order = self._answer[1]
        return None if order is None else self._place(order, key, node=node)

    def _place(self, order: Order, key: str, *, node: bool = False) -> int | None:
        stored = key_bytes(key)
        if stored is None:
            return None
        try:
            return order.position(stored, node=node) if isinstance(order, Tree) else order.position(stored)
        except apsw.InterruptError:
            return None
        except UNREADABLE as error:
            raise translate(error, self._path) from error

    def keys(self, first: int, count: int) -> list[str]:
        """The ``first`` and following of the keys that pass, folded away or not, without those that are gone.
        Raises Interrupted when superseded."""
        order = self._answer[1]
        rowids = [] if order is None else entries_of(order).rowids(first, count)
        return self._ask(lambda connection: read_keys(connection, rowids))

    def keys_between(self, one: str, other: str, limit: int) -> list[str]:
        """The keys that pass from one of these to the other, in whichever order they are; so many at most."""
        order = self._answer[1]
        places = [] if order is None else [self._place(entries_of(order), key) for key in (one, other)]
        known = sorted(place for place in places if place is not None)
        return self.keys(known[0], min(known[1] - known[0] + 1, limit)) if len(known) == 2 else []

    def keys_below(self, prefix: str, limit: int) -> list[str]:
        """The keys that pass in this node of a tree; so many at most."""
        order, stored = self._answer[1], key_bytes(prefix)
        if not isinstance(order, Tree) or stored is None:
            return []
        first, last = order.by_key.range(stored)
        return self.keys(first, min(last - first, limit))

    def existing(self, keys: list[str]) -> frozenset[str]:
        """Those of ``keys`` that are there, in the answer or not. Raises Interrupted when superseded."""
        return self._ask(lambda connection: existing_keys(connection, keys))

    def _ask(self, question: Callable[[apsw.Connection], T]) -> T:
        self._database.refresh()
        try:
            return question(self._database.connection)
        except UNREADABLE as error:
            raise translate(error, self._path) from error


def entries_of(order: Order) -> ByKey | Sorted | Found:
    """The order of all rows behind a tree."""
    return order.by_key if isinstance(order, Tree) else order
