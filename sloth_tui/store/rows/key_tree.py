"""The rows of a query as a tree: keys are folded at ``:`` and ``/``, and the user opens nodes.

All keys with the prefix of a node are adjacent in key order. So an open node needs to know only where each of
its children begins. The keys of a child that is itself a node are skipped, by a jump through the index if
they are many.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.model import Row
from sloth_tui.values.codec import after_prefix, decode_key, key_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.rows.order import ByKey
    from sloth_tui.store.rows.source import KeySource

MAX_DEPTH = 32
"""Levels at which keys are folded; the rest of a deeper key stays on one line."""

_SEPARATORS = (b":", b"/")
_SEPARATOR = re.compile(b"[:/]")


class Node:
    """An open node of the tree, with those of its children that are known."""

    __slots__ = ("beyond", "complete", "depth", "next", "opened", "prefix", "reached", "slot", "starts")

    def __init__(self, prefix: bytes, depth: int, slot: int) -> None:
        self.prefix = prefix
        self.depth = depth
        self.beyond = after_prefix(prefix)
        """The smallest key greater than all keys of the node; None if there is none."""
        self.starts: array[int] = array("I")
        """For each child, the index of its first row among all rows in key order."""
        self.opened: dict[int, Node] = {}
        """Number of a child -> its node, for children that are open."""
        self.complete = False
        self.next = prefix
        """Lower bound for the keys of children that are not known yet."""
        self.slot = slot
        """The run of keys in which to look for the next child."""
        self.reached = 0
        """The index after the last child's last known row."""

    def keys(self, child: int) -> int:
        """Return the number of keys in a child."""
        end = self.starts[child + 1] if child + 1 < len(self.starts) else self.reached
        return max(end - self.starts[child], 0)

    def child_prefix(self, key: bytes) -> bytes | None:
        """Return the prefix of the child that contains ``key``; None if the key itself is the child."""
        cut = _SEPARATOR.search(key, len(self.prefix)) if self.depth < MAX_DEPTH else None
        return key[: cut.end()] if cut else None


class Stretch(NamedTuple):
    """Children of a node on consecutive lines of the table."""

    line: int
    node: Node
    first: int
    last: int
    """One past the last child."""


class Layout(NamedTuple):
    """The lines of the table, as stretches of children."""

    stretches: tuple[Stretch, ...] = ()
    lines: tuple[int, ...] = ()
    """The first line of each stretch."""
    height: int = 0


class Tree:
    """An ascending order of rows, like :class:`ByKey`, in which nodes are rows too. While one thread grows
    it, another may ask for rows."""

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
        """Take one step of about a millisecond; return False if the tree is complete."""
        for node in self._growing:
            if self._find_more(node):
                self._lay_out()
                return True
        if not self.by_key.grow():
            self.by_key.complete = True
        return bool(self._growing)

    def open(self, wanted: frozenset[bytes]) -> bool:
        """Make the nodes with these prefixes the open ones; return True if that changes anything."""
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
        """Return the first row of each of these lines."""
        return [rowid for place in self._places(first, count) for rowid in self.by_key.rowids(place, 1)]

    def position(self, key: bytes, *, node: bool = False) -> int | None:
        """Return the line of a key, or of the node with this prefix; for a key in a closed node, the node's
        line."""
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

    def page(self, source: KeySource, first: int, count: int) -> list[Row | None]:
        """Return the rows on these lines."""
        spots = list(self._spots(first, count))
        rowids = [rowid for node, child in spots for rowid in self.by_key.rowids(node.starts[child], 1)]
        rows = source.read_rows(rowids)
        return [_dressed(row, *spot) for row, spot in zip(rows, spots, strict=False)]

    def _find_more(self, node: Node) -> bool:
        """Look for children in the next run; return False if the run must be found first."""
        by_key = self.by_key
        while node.slot < by_key.slots and by_key.ends_before(node.slot, node.next):
            node.slot += 1
        if node.slot >= by_key.slots:
            node.reached = by_key.count
            return by_key.complete and self._finish(node)
        base, end = by_key.start_of(node.slot), by_key.end_of(node.slot)
        if by_key.slot_holds_only(node.slot, node.prefix, _SEPARATORS, node.next):
            # The usual run of a large node: every key is a child of it.
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
        """Open a child, and fill it before all others."""
        node = Node(prefix, parent.depth + 1, self.by_key.slot_before(prefix))
        parent.opened[child] = node
        self._growing.insert(0, node)

    def _close(self, node: Node) -> None:
        if not node.complete:
            self._growing.remove(node)
        for inner in node.opened.values():
            self._close(inner)

    def _parent(self, prefix: bytes) -> tuple[Node, int]:
        """Return the innermost open node around this prefix, and the number that the prefix has or would have
        in it."""
        node = self._root
        while True:
            child = bisect_left(node.starts, self.by_key.rank(node.child_prefix(prefix) or prefix))
            inner = node.opened.get(child)
            if inner is None or inner.prefix == prefix or not prefix.startswith(inner.prefix):
                return node, child
            node = inner

    def _is_at(self, node: Node, child: int, prefix: bytes) -> bool:
        """Return True if a child is the node with exactly this prefix."""
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
        """Yield node and number of the children on these lines."""
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
    """Yield the prefixes of the nodes around a key, outermost first."""
    for cut in _SEPARATOR.finditer(key):
        yield key[: cut.end()]


def _dressed(row: Row | None, node: Node, child: int) -> Row | None:
    """Return a row for the tree: the row of its node if it is the first row of one."""
    key = None if row is None else key_bytes(row.key)
    if row is None or key is None or not key.startswith(node.prefix):
        return None
    prefix, stem = node.child_prefix(key), len(decode_key(node.prefix))
    if prefix is None:
        return row._replace(depth=node.depth, stem=stem)
    return Row(
        decode_key(prefix), "", "", 0, None, None, node.depth, stem, node.keys(child), child in node.opened
    )
