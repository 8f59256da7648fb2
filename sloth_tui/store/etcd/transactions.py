"""The ``with`` block whose writes happen together: they are collected, and committed at its end."""

from __future__ import annotations

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.etcd import commit, gate, walking
from sloth_tui.store.etcd.batch import Stamp, entry_after
from sloth_tui.store.etcd.blobs import Blobs
from sloth_tui.store.etcd.retention import keep_within_limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import TracebackType
    from typing import TypeVar

    from sloth_tui.store.etcd.batch import Write
    from sloth_tui.store.etcd.commit import Decide, Wanted
    from sloth_tui.store.etcd.gate import Passage
    from sloth_tui.store.etcd.leases import Held
    from sloth_tui.store.etcd.records import Kept
    from sloth_tui.store.etcd.session import Session

    T = TypeVar("T")


class Work:
    """What a transaction has written so far, on top of the store as it is while the gate is held."""

    __slots__ = ("_marks", "_session", "entries", "found", "passage", "released", "stamp", "writes")

    def __init__(self, session: Session, passage: Passage) -> None:
        self._session = session
        self._marks: list[tuple[int, int]] = []
        self.passage = passage
        self.found: dict[bytes, Kept | None] = {}
        """Entries as the store has them."""
        self.entries: dict[bytes, Kept | None] = {}
        """Entries as they will be."""
        self.writes: list[Write] = []
        self.released: list[Held] = []
        """Locks that are given up with the commit."""
        head = session.head
        self.stamp = Stamp(session.now(), session.change or head.change + 1, b"")

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
        writes, self.writes, self.entries = self.writes[:mark], [], {}
        self.add(writes)

    def add(self, writes: Iterable[Write]) -> None:
        for write in writes:
            before = self.entries[write.key] if write.key in self.entries else self.found.get(write.key)
            self.writes.append(write)
            revision = self._session.head.revision + len(self.writes)
            self.entries[write.key] = entry_after(write, before, revision, self.stamp, None)

    def run(self, wanted: Wanted, decide: Decide[T]) -> T:
        """Do what ``decide`` says about these entries within the block; see :func:`commit.run`."""
        writes, result = decide(
            wanted.read(self._session), self._session.head.revision + len(self.writes) + 1
        )
        self.add(writes)
        return result

    def current(self, keys: Sequence[bytes]) -> dict[bytes, Kept | None]:
        """Return these entries as they will be."""
        missing = [key for key in keys if key not in self.found and key not in self.entries]
        if missing:
            self.found.update(commit.read_entries(self._session, missing))
        return {key: self.entries[key] if key in self.entries else self.found[key] for key in keys}

    def entries_between(self, low: bytes, high: bytes | None) -> Iterator[tuple[bytes, Kept]]:
        """Return the entries between two keys as they will be, whatever the block writes afterwards."""
        mine = sorted(
            (key, kept) for key, kept in self.entries.items() if key >= low and (high is None or key < high)
        )
        return _merged(walking.entries_between(self._session, low, high), mine, self.found)


class Transaction:
    """A reusable, nestable ``with`` block. Fences are checked when it begins and when it commits."""

    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        session = self._session
        if session.work is None:
            passage = gate.enter(session)
            try:
                commit.look(session, ())
                session.work = Work(session, passage)
            except BaseException:
                gate.leave(session, passage)
                raise
        else:
            commit.check_fences(session)
        session.work.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        work = self._session.work
        assert work is not None
        if work.depth > 1:
            if error is None:
                work.end()
            else:
                work.roll_back()
            return
        self._session.work = None
        try:
            if error is None:
                self._finish(work)
        finally:
            gate.leave(self._session, work.passage)

    def _finish(self, work: Work) -> None:
        session = self._session
        if not work.writes:
            commit.check_fences(session)
            self._release(work)
            return
        with Blobs(session) as blobs:
            if commit.attempt(session, work.writes, work.found, (), work.passage, blobs, work.released):
                self._forget(work)
                keep_within_limits(session, [write.key for write in work.writes])
                return
        raise DatabaseUnusable(
            f"{session.location}: the turn to write ended before the transaction did",
            hint="nothing of it was written; the server was not reached for too long",
        )

    def _release(self, work: Work) -> None:
        from sloth_tui.store.etcd.locks import Locks

        for held in work.released:
            Locks(self._session).give_up(held)

    def _forget(self, work: Work) -> None:
        """Revoke the leases of the locks that the commit gave up."""
        if work.released:
            from sloth_tui.store.etcd.locks import Locks

            for held in work.released:
                Locks(self._session).forget(held)


def _merged(
    kept: Iterator[tuple[bytes, Kept]], mine: list[tuple[bytes, Kept | None]], found: dict[bytes, Kept | None]
) -> Iterator[tuple[bytes, Kept]]:
    """Yield the entries of the store with those of a block in place of the old ones, in key order; note what the
    store has in ``found``."""
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
