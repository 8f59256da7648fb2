"""The entries that a decision to write is about."""

from __future__ import annotations

from sloth_tui.store.etcd.commits.looking import look, read_entries
from sloth_tui.store.etcd.snapshots import walking
from sloth_tui.values.codec import after_prefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Protocol, TypeAlias, TypeVar

    from sloth_tui.store.etcd.data.batch import Found, Write
    from sloth_tui.store.etcd.data.records import Kept
    from sloth_tui.store.etcd.session import Session

    T = TypeVar("T")
    Decide: TypeAlias = Callable[[Found, int], tuple[Sequence[Write], T]]
    """What to write, given the entries that were asked for and the number of the next revision; and the
    result for the caller. Called again after a lost comparison."""

    class Wanted(Protocol):
        """The entries that a decision is about."""

        def known(self, session: Session) -> Found | None:
            """Return the entries if the handle knows them as they are at its head; else None."""

        def read(self, session: Session) -> Found:
            """Read the head, the gate, the fences and the entries, all of one moment. Raises LockLost."""

        def again(self) -> Sequence[bytes]:
            """Return the keys to read again in the answer to a lost comparison."""


FEW_KEYS = 50
"""Most keys that a handle remembers after a commit, and reads again in the answer to a lost comparison."""


class Keys:
    """Entries by their keys."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys

    def known(self, session: Session) -> Found | None:
        if not session.head.mod or len(self._keys) > FEW_KEYS:
            return None
        try:
            return live(session, {key: session.known[key] for key in self._keys})
        except KeyError:
            return None

    def read(self, session: Session) -> Found:
        return current(session, self._keys)

    def again(self) -> Sequence[bytes]:
        return self._keys if len(self._keys) <= FEW_KEYS else ()


class Prefix:
    """All entries whose keys begin with some bytes."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: bytes) -> None:
        self._prefix = prefix

    def known(self, session: Session) -> Found | None:
        return None

    def read(self, session: Session) -> Found:
        if session.work is not None:
            return dict(entries_between(session, self._prefix, after_prefix(self._prefix)))
        revision = look(session, ())
        found = walking.entries_between(session, self._prefix, after_prefix(self._prefix), revision)
        now = session.now()
        return {key: kept for key, kept in found if not kept.is_over(now)}

    def again(self) -> Sequence[bytes]:
        return ()


def current(session: Session, keys: Sequence[bytes]) -> dict[bytes, Kept | None]:
    """Return these entries as they are or, within a transaction, as they will be. Raises LockLost."""
    work = session.work
    if work is None:
        return live(session, read_entries(session, keys))
    missing = [key for key in keys if key not in work.found and key not in work.entries]
    if missing:
        work.found.update(read_entries(session, missing))
    found = {key: work.entries[key] if key in work.entries else work.found[key] for key in keys}
    return live(session, found)


def entries_between(session: Session, low: bytes, high: bytes | None) -> Iterator[tuple[bytes, Kept]]:
    """Return the entries between two keys as they are or, within a transaction, as they will be."""
    kept = walking.entries_between(session, low, high)
    now = session.now()
    if session.work is not None:
        kept = session.work.over(kept, low, high)
    return ((key, entry) for key, entry in kept if not entry.is_over(now))


def live(session: Session, found: dict[bytes, Kept | None]) -> dict[bytes, Kept | None]:
    """Return entries without those that are past their time to live."""
    now = session.now()
    return {key: None if kept is not None and kept.is_over(now) else kept for key, kept in found.items()}
