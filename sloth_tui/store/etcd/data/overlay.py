"""What a transaction has written so far, on top of the store."""

from __future__ import annotations

from collections import namedtuple

from sloth_tui.store.etcd.data.batch import entry_after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sloth_tui.store.etcd.client.messages import Put
    from sloth_tui.store.etcd.data.batch import Stamp, Write
    from sloth_tui.store.etcd.data.leases import Held
    from sloth_tui.store.etcd.data.records import Kept


class Passage(namedtuple("Passage", ("lease", "create"))):
    """The gate, held by this handle."""

    __slots__ = ()

    lease: int
    create: int
    """The create revision of the gate's key: what the holder's own commits compare."""


class Released(namedtuple("Released", ("held", "also"))):
    """A lock that is given up or taken away."""

    __slots__ = ()

    held: Held
    also: tuple[Put, ...]
    """What is written with it."""


class Work:
    """What a transaction has written so far, on top of the store as it is while the gate is held."""

    __slots__ = ("_base", "_made", "_marks", "entries", "found", "passage", "released", "stamp", "writes")

    def __init__(self, passage: Passage, revision: int, stamp: Stamp) -> None:
        """``revision``: the newest of the store, which nobody else changes meanwhile."""
        self._base = revision
        self._made = 0
        """How many of the writes are revisions."""
        self._marks: list[tuple[int, int]] = []
        self.passage = passage
        self.found: dict[bytes, Kept | None] = {}
        """Entries as the store has them."""
        self.entries: dict[bytes, Kept | None] = {}
        """Entries as they will be."""
        self.writes: list[Write] = []
        self.released: list[Released] = []
        """Locks that are given up with the commit."""
        self.stamp = stamp

    @property
    def revision(self) -> int:
        """The newest revision, those of the block included."""
        return self._base + self._made

    @property
    def depth(self) -> int:
        return len(self._marks)

    def begin(self) -> None:
        self._marks.append((len(self.writes), len(self.released)))

    def end(self) -> None:
        self._marks.pop()

    def roll_back(self) -> None:
        """Forget what was written since the innermost block began."""
        mark, released = self._marks.pop()
        del self.released[released:]
        writes, self.writes, self.entries, self._made = self.writes[:mark], [], {}, 0
        self.add(writes)

    def add(self, writes: Iterable[Write]) -> None:
        for write in writes:
            before = self.entries[write.key] if write.key in self.entries else self.found.get(write.key)
            self.writes.append(write)
            self._made += not write.touches
            self.entries[write.key] = entry_after(write, before, self.revision, self.stamp, None)

    def over(
        self, kept: Iterator[tuple[bytes, Kept]], low: bytes, high: bytes | None
    ) -> Iterator[tuple[bytes, Kept]]:
        """Return entries of the store between two keys as they will be, whatever the block writes
        afterwards."""
        mine = sorted(
            (key, entry) for key, entry in self.entries.items() if key >= low and (high is None or key < high)
        )
        return _merged(kept, mine, self.found)


def _merged(
    kept: Iterator[tuple[bytes, Kept]], mine: list[tuple[bytes, Kept | None]], found: dict[bytes, Kept | None]
) -> Iterator[tuple[bytes, Kept]]:
    """Yield the entries of the store with those of a block in place of the old ones, in key order; note what
    the store has in ``found``."""
    own = iter(mine)
    next_own = next(own, None)
    for key, entry in kept:
        found[key] = entry
        while next_own is not None and next_own[0] < key:
            if next_own[1] is not None:
                yield next_own[0], next_own[1]
            next_own = next(own, None)
        if next_own is not None and next_own[0] == key:
            if next_own[1] is not None:
                yield key, next_own[1]
            next_own = next(own, None)
        else:
            yield key, entry
    while next_own is not None:
        if next_own[1] is not None:
            yield next_own[0], next_own[1]
        next_own = next(own, None)
