"""Rows of a query as a tree: keys are folded at ``:`` and ``/``, and a node is opened when somebody wants to
see what is in it.

All keys with the prefix of a node follow each other in key order. A node that is open therefore needs to know
no more than where each of its children begins: the keys of a child that is a node itself are skipped over, by
a jump through the index wherever they are many.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.model import Row
from sloth_tui.store.sqlite.rows.key_index import after_prefix
from sloth_tui.store.sqlite.rows.row_reader import read_rows
from sloth_tui.store.sqlite.sql.keys import key_bytes
from sloth_tui.store.sqlite.sql.rows import decode_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

    from sloth_tui.store.sqlite.rows.order import ByKey

DEEPEST = 32
"""Levels at which keys are folded; what follows in a key that has more stands on one line."""

_SEPARATORS = (b":", b"/")
_SEPARATOR = re.compile(b"[:/]")


class Node:
    """A part of the tree that is open, and which of its children are known."""

    __slots__ = ("beyond", "complete", "depth", "next", "opened", "prefix", "reached", "slot", "starts")

    def __init__(self, prefix: bytes, depth: int, slot: int) -> None:
        self.prefix = prefix
        self.depth = depth
        self.beyond = after_prefix(prefix)
        """The smallest key that is greater than all in it; None: there is none."""
        self.starts: array[int] = array("I")
        """Which of all rows, in key order, is the first of each child."""
        self.opened: dict[int, Node] = {}
        """Children that are open: number -> node."""
        self.complete = False
        self.next = prefix
        """No child that is not known yet has smaller keys."""
        self.slot = slot
        """The run of keys in which to look for it."""
        self.reached = 0
        """Where the last child ends, as far as is known."""

    def keys(self, child: int) -> int:
        """How many keys are in a child."""
        end = self.starts[child + 1] if child + 1 < len(self.starts) else self.reached
        return max(end - self.starts[child], 0)

    def child_prefix(self, key: bytes) -> bytes | None:
        """The prefix of the child that this key is in; None: the key is the child."""
        cut = _SEPARATOR.search(key, len(self.prefix)) if self.depth < DEEPEST else None
        return key[: cut.end()] if cut else None


class Stretch(NamedTuple):
    """Children of a node that follow each other on the lines of the table."""

    line: int
    node: Node
    first: int
    last: int
    """The one behind the last."""


class Layout(NamedTuple):
    """Which lines show what."""

    stretches: tuple[Stretch, ...] = ()
    lines: tuple[int, ...] = ()
    """The first of each stretch."""
    height: int = 0


class Tree:
    """An order of rows as :class:`ByKey` is one, ascending, in which nodes are rows too. While one thread
    lets it grow, another may ask for rows."""

    def __init__(self, by_key: ByKey, opened: frozenset[bytes]) -> None:
        self.by_key = by_key
        self._wanted = opened
        self._root = Node(b"", 0, 0)
        self._growing = [self._root]
        self._layout = Layout()

    @property
    def count(self) -> int:
        return self._layout.height

    def grow(self) -> bool:
        """Take one step of about a millisecond; False when all is known."""
        for node in self._growing:
            if self._find_more(node):
                self._lay_out()
                return True
        if not self.by_key.grow():
            self.by_key.complete = True
        return bool(self._growing)

    def open(self, wanted: frozenset[bytes]) -> bool:
        """From now on the nodes with these prefixes are open; whether that changes anything."""
        if wanted is self._wanted:
            return False
        added, gone = wanted - self._wanted, self._wanted - wanted
        self._wanted = wanted
        for prefix in gone:
            parent, child = self._parent(prefix)
            if child in parent.opened and parent.opened[child].prefix == prefix:
                self._close(parent.opened.pop(child))
        for prefix in sorted(added):
            parent, child = self._parent(prefix)
            if child not in parent.opened and self._is_at(parent, child, prefix):
                self._add(parent, child, prefix)
        if added or gone:
            self._lay_out()
        return bool(added or gone)

    def rowids(self, first: int, count: int) -> list[int]:
        """Of each of these lines the first row."""
        return [rowid for place in self._places(first, count) for rowid in self.by_key.rowids(place, 1)]

    def position(self, key: bytes, *, node: bool = False) -> int | None:
        """On which line a key is, or the node with this prefix; in a node that is closed, where that is."""
        here = self._root
        while True:
            prefix = here.child_prefix(key)
            place = self.by_key.rank(key if prefix is None else prefix)
            child = bisect_left(here.starts, place)
            if child >= len(here.starts) or here.starts[child] != place:
                return None
            inner = here.opened.get(child)
            if prefix is None or inner is None or (node and prefix == key):
                if node and prefix is not None:
                    there = self._is_at(here, child, prefix)
                else:
                    there = self.by_key.position(key) is not None
                return self._line(here, child) if there else None
            here = inner

    def page(self, connection: apsw.Connection, first: int, count: int) -> list[Row | None]:
        """The rows on these lines."""
        spots = list(self._spots(first, count))
        rowids = [rowid for node, child in spots for rowid in self.by_key.rowids(node.starts[child], 1)]
        rows = read_rows(connection, rowids)
        return [_dressed(row, *spot) for row, spot in zip(rows, spots, strict=False)]

    def _find_more(self, node: Node) -> bool:
        """Look for children in the next run; False where it has to be found first."""
        by_key = self.by_key
        while node.slot < by_key.slots and by_key.ends_before(node.slot, node.next):
            node.slot += 1
        if node.slot >= by_key.slots:
            node.reached = by_key.count
            return by_key.complete and self._finish(node)
        base, end = by_key.start_of(node.slot), by_key.end_of(node.slot)
        if by_key.slot_holds_only(node.slot, node.prefix, _SEPARATORS, node.next):
            # Most runs of a large node: keys that are children of it, every one.
            node.starts.extend(range(base, end))
            node.reached = end
            node.slot += 1
            return True
        keys = by_key.keys_at(node.slot)
        place = bisect_left(keys, node.next)
        while place < len(keys):
            key = keys[place]
            if node.beyond is not None and key >= node.beyond:
                node.reached = base + place
                return self._finish(node)
            node.starts.append(base + place)
            prefix = node.child_prefix(key)
            if prefix is None:
                place += 1
                continue
            if prefix in self._wanted:
                self._add(node, len(node.starts) - 1, prefix)
            node.next = after_prefix(prefix) or prefix
            place = bisect_left(keys, node.next, place + 1)
        node.reached = base + place
        node.slot = max(node.slot + 1, by_key.slot_before(node.next))
        return True

    def _finish(self, node: Node) -> bool:
        node.complete = True
        self._growing.remove(node)
        return True

    def _add(self, parent: Node, child: int, prefix: bytes) -> None:
        """Open a child, and look into it before anything else."""
        node = Node(prefix, parent.depth + 1, self.by_key.slot_before(prefix))
        parent.opened[child] = node
        self._growing.insert(0, node)

    def _close(self, node: Node) -> None:
        if not node.complete:
            self._growing.remove(node)
        for inner in node.opened.values():
            self._close(inner)

    def _parent(self, prefix: bytes) -> tuple[Node, int]:
        """The innermost open node around this prefix, and the number its child has or would have."""
        node = self._root
        while True:
            child = bisect_left(node.starts, self.by_key.rank(node.child_prefix(prefix) or prefix))
            inner = node.opened.get(child)
            if inner is None or inner.prefix == prefix or not prefix.startswith(inner.prefix):
                return node, child
            node = inner

    def _is_at(self, node: Node, child: int, prefix: bytes) -> bool:
        """Whether a child is the node with this prefix, and not one around it."""
        if child >= len(node.starts) or node.child_prefix(prefix) != prefix:
            return False
        low, high = self.by_key.rank(prefix), self.by_key.rank(after_prefix(prefix) or prefix)
        return node.starts[child] == low < high

    def _lay_out(self) -> None:
        stretches: list[Stretch] = []
        count = 0

        def add(node: Node) -> None:
            nonlocal count
            first = 0
            for child in sorted(node.opened):
                stretches.append(Stretch(count, node, first, child + 1))
                count += child + 1 - first
                first = child + 1
                add(node.opened[child])
            if first < len(node.starts):
                stretches.append(Stretch(count, node, first, len(node.starts)))
                count += len(node.starts) - first

        add(self._root)
        self._layout = Layout(tuple(stretches), tuple(stretch.line for stretch in stretches), count)

    def _spots(self, first: int, count: int) -> Iterator[tuple[Node, int]]:
        """Node and number of the children on these lines."""
        layout = self._layout
        number = max(bisect_right(layout.lines, first) - 1, 0)
        for stretch in layout.stretches[number:]:
            if stretch.line >= first + count:
                return
            begin = stretch.first + max(first - stretch.line, 0)
            for child in range(begin, min(stretch.last, stretch.first + first + count - stretch.line)):
                yield stretch.node, child

    def _places(self, first: int, count: int) -> Iterator[int]:
        return (node.starts[child] for node, child in self._spots(first, count))

    def _line(self, node: Node, child: int) -> int | None:
        for stretch in self._layout.stretches:
            if stretch.node is node and stretch.first <= child < stretch.last:
                return stretch.line + child - stretch.first
        return None


def prefixes(key: bytes) -> Iterator[bytes]:
    """The prefixes of the nodes around a key, the outermost first."""
    for cut in _SEPARATOR.finditer(key):
        yield key[: cut.end()]


def _dressed(row: Row | None, node: Node, child: int) -> Row | None:
    """A row of the table as one of the tree: that of its node, where it is the first row of one."""
    key = None if row is None else key_bytes(row.key)
    if row is None or key is None or not key.startswith(node.prefix):
        return None
    prefix, stem = node.child_prefix(key), len(decode_key(node.prefix))
    if prefix is None:
        return row._replace(depth=node.depth, stem=stem)
    return Row(
        decode_key(prefix), "", "", 0, None, None, node.depth, stem, node.keys(child), child in node.opened
    )
