"""What every backend promises.

A store belongs to one agent. A handle of it belongs to one thread at a time. Methods raise the
errors of :mod:`sloth_tui.errors`, never those of a driver. SQLite is the first backend; every
backend passes ``tests/store/conformance``.

Typing only: nothing here is imported at run time by the path that ``state get`` takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sloth_tui.model import (
        ChangeSet,
        Difference,
        Entry,
        KeyGroup,
        Lock,
        LockBreak,
        Origin,
        Revision,
        Standing,
        Stats,
        Step,
        Value,
    )
    from sloth_tui.store.sqlite.rows.window import Window

D = TypeVar("D")


class Entries(Protocol):
    """Keys and their values. Every change of a key gets a revision, one growing number per store.

    Keys come back in the order of their UTF-8 bytes. A prefix is literal. Writes raise NotWritable,
    and LockLost where a fence (see :class:`Locks`) no longer holds; then nothing is written.
    """

    def get(self, key: str, default: D | None = None) -> Value | D | None:
        """The value, or ``default``. A key that cannot exist is simply absent."""

    def get_many(self, keys: Iterable[str]) -> dict[str, Value]:
        """The values of those keys that exist, in the order asked, read from one snapshot."""

    def entry(self, key: str) -> Entry:
        """The whole record. Raises KeyNotFound, with the nearest keys as hint."""

    def exists(self, key: str) -> bool: ...

    def keys(self, prefix: str = "") -> Iterator[str]: ...

    def items(self, prefix: str = "") -> Iterator[tuple[str, Value]]: ...

    def entries(self, prefix: str = "") -> Iterator[Entry]: ...

    def count(self, prefix: str = "") -> int: ...

    def set(self, key: str, value: Value) -> int:
        """Store the value; returns the entry's revision. Setting what is there already changes
        nothing and returns the revision it has. Raises InvalidKey, InvalidValue."""

    def set_many(self, values: Mapping[str, Value]) -> int:
        """All or nothing, in one transaction; returns how many changed."""

    def delete(self, key: str) -> bool:
        """Whether it was there."""

    def delete_many(self, keys: Iterable[str]) -> int:
        """All or nothing; returns how many were there."""

    def delete_prefix(self, prefix: str) -> int:
        """All or nothing; the empty prefix means every key. Returns how many were there."""

    def increment(self, key: str, by: int | float = 1) -> int | float:
        """Add to a number, absent counts as 0; returns the sum. Exact across processes. A string
        that reads as a number counts as one. Raises NotANumber; nothing is then written."""

    def set_if_absent(self, key: str, value: Value) -> bool:
        """False, and nothing written, if it was there."""

    def compare_and_set(self, key: str, old: Value | None, new: Value) -> bool:
        """Write only if the value is ``old`` (None: absent); type and value both count."""

    def compare_and_set_revision(self, key: str, revision: int, new: Value) -> bool:
        """Write only if the entry's revision is this one (0: absent)."""

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside happen together or, when the block raises, not at all. Blocks nest."""


class Locks(Protocol):
    """Named leases with fencing tokens.

    Seconds may be fractional, more than 0 and at most 30 days. Time is measured by a clock that wall-clock
    steps cannot move. Expired locks, and tied locks whose process is gone, count as free.
    """

    def acquire(
        self, name: str, holder: str, seconds: float, *, wait: float = 0.0, tied: bool = False
    ) -> Lock:
        """Take the lock, waiting up to ``wait`` seconds. A second acquisition by the same holder is
        refused like anybody's. ``tied``: free as soon as this process is gone. Raises LockHeld."""

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        """Let the lock run ``seconds`` from now, under the same token. Raises LockLost."""

    def release(self, name: str, holder: str, *, token: int | None = None) -> None:
        """Give it back; with ``token``, only that acquisition. Raises LockLost if it is not held so."""

    def break_lock(self, name: str) -> Lock:
        """Take a lock away from whoever holds it, and record who did; returns what was broken.
        Raises LockNotFound."""

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        """The newest locks broken, the last one first."""

    def lock(self, name: str) -> Lock | None:
        """The lock, if it is held now."""

    def locks(self) -> list[Lock]:
        """All locks held now, by name."""

    def fence(self, name: str, token: int) -> None:
        """From now on every write of this handle checks, in its own transaction, that the lock is still
        held under this token and not expired; otherwise it raises LockLost and writes nothing."""

    def unfence(self, name: str) -> None:
        """Stop checking for this name; nothing happens if it was not fenced."""


class History(Protocol):
    """What was written, by whom; writes by programs that know nothing of us included."""

    def revision(self) -> int:
        """The newest revision of the store; 0 when nothing was ever written."""

    def revisions(self, key: str, *, limit: int | None = None) -> Iterator[Revision]:
        """Changes of one key, newest first, as far back as retention keeps them."""

    def changes(self, since: int, *, prefix: str = "", limit: int | None = None) -> Iterator[Revision]:
        """Changes after revision ``since``, oldest first, each once, without gaps."""

    def follow(self, since: int, *, prefix: str = "") -> list[Revision]:
        """The next changes after revision ``since``, as many as are read at once; the last one's revision is
        where to go on. Raises NotKept if any after ``since`` is forgotten: then they are not all of them."""

    def prune(self, *, keep: int, keep_deleted_days: float) -> int:
        """Forget revisions beyond ``keep`` of each key, and deletions older than so many days, in
        transactions short enough that no writer waits noticeably; returns how many went."""

    def compact(
        self, *, keep: int = 0, upto: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Forget all but the newest ``keep`` revisions of each key, of those up to revision ``upto`` or,
        without it, of all, in transactions as short; then give back the room. ``progress`` is told how many
        are gone, of how many. The newest revision of all stays. Returns how many went."""

    def mark_secret(self, key: str) -> None:
        """From now on history keeps no values of this key, only that it changed; those it has are dropped."""


class Past(Protocol):
    """The store as it was. Revision 0 is before the first change."""

    def complete_since(self, prefix: str = "") -> int:
        """The oldest revision at which all of these keys are known; what came before is forgotten in part."""

    def revision_at(self, at: float) -> int:
        """The newest revision not newer than this time, in unix seconds. Raises NotKept."""

    def entries_at(self, revision: int, prefix: str = "") -> Iterator[Entry]:
        """All entries as they were, in key order. One whose value is a secret has the type ``secret`` and no
        value. Raises NotKept, RevisionNotFound."""

    def entry_at(self, key: str, revision: int) -> Entry:
        """One entry as it was. Raises KeyNotFound, NotKept, RevisionNotFound."""

    def differences(self, one: int, other: int, prefix: str = "") -> Iterator[Difference]:
        """Keys that differ between two revisions, in key order. Raises NotKept, RevisionNotFound."""


class Undoing(Protocol):
    """Change sets, and taking them back. Taking back is a change set too, so that it can be taken back."""

    def change_sets(self, *, prefix: str = "") -> Iterator[ChangeSet]:
        """Newest first; with a prefix those that changed such a key. What other programs wrote in one go
        is one set, too."""

    def change_set(self, name: str) -> ChangeSet:
        """By its id, or by that of a run. Raises RevisionNotFound, NotKept."""

    def newest_change_set(self) -> ChangeSet:
        """Raises RevisionNotFound where there is none."""

    def undo_steps(self, change: ChangeSet) -> Iterator[Step]:
        """What :meth:`undo` would do, in key order."""

    def undo(self, change: ChangeSet, *, force: bool = False) -> int:
        """Give every key that the set changed what it held before; returns how many changed. All or nothing.

        Raises Conflict, naming the keys, where somebody else changed one since, or what it held is a
        secret, and NotKept where part of the set is forgotten. With ``force`` what others changed since
        is overwritten, and keys of which no old value is kept are left as they are."""

    def rollback_steps(self, revision: int, *, prefix: str = "", key: str | None = None) -> Iterator[Step]:
        """What :meth:`rollback` would do, in key order."""

    def rollback(
        self, revision: int, *, prefix: str = "", key: str | None = None, force: bool = False
    ) -> int:
        """Make one key, those with a prefix, or all of them what they were at a revision; returns how many
        changed. Raises Conflict where what one held is a secret, unless ``force`` leaves such keys as they
        are; NotKept, RevisionNotFound."""


class Surveys(Protocol):
    """Looking over all entries; each costs at least one pass over their keys."""

    def groups(self) -> Iterator[KeyGroup]:
        """How many keys begin with each first segment, which ends in ``:`` or ``/``, in the order of keys.
        Those without a segment are in no group."""

    def standings(self, order: str, limit: int) -> list[Standing]:
        """The first so many entries: the ``largest`` values, those that changed last (``newest``), or those
        that did not change for longest (``oldest``)."""

    def problems(self) -> list[str]:
        """What is wrong with the database as a file, in the words of its engine; nothing if it is sound.
        Reads all of it."""


class Store(Entries, Locks, History, Past, Undoing, Surveys, Protocol):
    """One agent's store."""

    @property
    def agent(self) -> str: ...

    @property
    def backend(self) -> str:
        """Name of the backend: ``sqlite``."""

    @property
    def location(self) -> str:
        """Where it is: a path or URL, for people."""

    @property
    def read_only(self) -> bool: ...

    def set_origin(self, origin: Origin) -> None:
        """Who makes the changes from now on. A new origin begins a new change set."""

    def stats(self) -> Stats: ...

    def change_token(self) -> int:
        """Differs from the last one if anybody else committed since; microseconds, for polling."""

    def interrupt(self) -> None:
        """End the query another thread is running on this handle; safe from any thread."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class WindowedStore(Store, Protocol):
    """A store that can serve tables of millions of rows."""

    def window(self) -> Window: ...
