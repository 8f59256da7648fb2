"""The interface that every backend implements.

A store belongs to one agent. A handle of it belongs to one thread at a time. Methods raise the
errors of :mod:`sloth_tui.errors`, never those of a driver. SQLite is the first backend; every
backend passes ``tests/store/conformance``.

All promises are on this one page, long as it is: a backend is written, and a store understood, by reading it
from top to bottom. :class:`Store` is the sum of the protocols above it.

Typing only: nothing here is imported at run time by the path that ``state get`` takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sloth_tui.model import (
        Agent,
        ChangeSet,
        Check,
        Difference,
        Entry,
        KeyGroup,
        Lock,
        LockBreak,
        LockUse,
        Origin,
        Pace,
        Query,
        RankedEntry,
        Revision,
        Row,
        Stats,
        Step,
        Value,
    )
    from sloth_tui.store.parts import Batch, EntryPart, Merged, Part

D = TypeVar("D")


class Handle(Protocol):
    """The members that every handle of an agent's store has."""

    @property
    def agent(self) -> str: ...

    @property
    def backend(self) -> str:
        """Name of the backend: ``sqlite``, ``etcd`` or ``s3``."""

    @property
    def location(self) -> str:
        """Location of the store: a path, or a URL without what is secret, for people."""

    @property
    def read_only(self) -> bool: ...

    def warning(self) -> str | None:
        """A warning for the owner of the store and its remedy, such as that every user can change its
        files."""

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Entries(Handle, Protocol):
    """Keys and their values, to read.

    Keys come back in the order of their UTF-8 bytes. A prefix is literal. An entry whose time to live is over
    is absent for every method, of this protocol and of all others, from that moment on.
    """

    def get(self, key: str, default: D | None = None) -> Value | D | None:
        """Return the value, or ``default`` if the key is absent. An invalid key counts as absent."""

    def get_many(self, keys: Iterable[str]) -> dict[str, Value]:
        """Return the values of the keys that exist, in the order of ``keys``, read from one snapshot."""

    def entry(self, key: str) -> Entry:
        """Return the whole record. Raises KeyNotFound, with the nearest keys as hint."""

    def exists(self, key: str) -> bool: ...

    def keys(self, prefix: str = "") -> Iterator[str]: ...

    def items(self, prefix: str = "") -> Iterator[tuple[str, Value]]: ...

    def entries(self, prefix: str = "") -> Iterator[Entry]: ...

    def count(self, prefix: str = "") -> int: ...

    def ttl(self, key: str) -> float | None:
        """Return the seconds that an entry has left; None if it has no time to live, or is absent. Measured
        by a clock that cannot be set, where the store is on this machine; by the wall clock where several
        machines share it, and after a reboot."""


class EntryWrites(Protocol):
    """Changes of entries. Every change of a key gets a revision, one growing number per store.

    An entry may have a time to live: ``ttl``, in seconds, may be fractional, more than 0 and at most ten
    years; anything else raises UsageError. When it is over, the entry is deleted, by whichever handle that
    may write notices first, with a revision whose author is ``expired``. A time to live is no part of the
    value: to give one, or to take it away, makes no revision. What undo and rollback restore has none.

    All methods raise NotWritable, and LockLost if a fence (see :class:`Locks`) no longer holds; then they
    write nothing.
    """

    def set(self, key: str, value: Value, *, ttl: float | None = None, keep_ttl: bool = False) -> int:
        """Store the value and return the entry's revision. If the entry already has this value, its revision
        stays. Without ``ttl`` the entry then has no time to live, or with ``keep_ttl`` the one it had. Raises
        InvalidKey, InvalidValue."""

    def set_many(self, values: Mapping[str, Value], *, ttls: Mapping[str, float] | None = None) -> int:
        """Store all values or none, in one transaction; return the number of entries whose values changed.
        ``ttls``: the time to live of the keys that are to have one; the others then have none."""

    def delete(self, key: str) -> bool:
        """Delete an entry; return True if it existed."""

    def delete_many(self, keys: Iterable[str]) -> int:
        """Delete all of the entries or none; return the number that existed."""

    def delete_prefix(self, prefix: str) -> int:
        """Delete all entries under a prefix or none; return how many there were. The empty prefix means every
        key."""

    def increment(self, key: str, by: int | float = 1) -> int | float:
        """Add to a number and return the sum; exact across processes. An absent key counts as 0, a string
        that reads as a number as that number.

        The entry keeps its time to live. Raises NotANumber, and InvalidValue if ``by`` is not a number; both
        write nothing."""

    def set_if_absent(self, key: str, value: Value, *, ttl: float | None = None) -> bool:
        """Store the value and return True if the key is absent; otherwise return False and write nothing."""

    def compare_and_set(self, key: str, old: Value | None, new: Value, *, ttl: float | None = None) -> bool:
        """Store ``new`` and return True if the value is ``old`` (None: absent); type and value must both
        match. Without ``ttl`` the entry keeps the time to live that it has."""

    def compare_and_set_revision(
        self, key: str, revision: int, new: Value, *, ttl: float | None = None
    ) -> bool:
        """Store ``new`` and return True if the entry has this revision (0: absent). Without ``ttl`` the entry
        keeps the time to live that it has."""

    def set_ttl(self, key: str, ttl: float | None) -> bool:
        """Give an entry this many seconds to live from now on, or with None no end; return True, or False if
        the key is absent. The value and its revision stay."""

    def expire(self) -> int:
        """Delete the entries whose time to live is over, in a change set of its own; return how many there
        were. Writes do so by themselves: this is for programs that follow the changes of a store. Checks no
        fences."""

    def transaction(self) -> AbstractContextManager[None]:
        """Return a ``with`` block whose writes all happen together or, if it raises, not at all. Blocks
        nest."""


class Locks(Protocol):
    """Named leases with fencing tokens.

    Seconds may be fractional, more than 0 and at most 30 days. Time is measured by a clock that
    cannot be set. Expired locks, and ephemeral locks whose process has ended, count as free.
    """

    def acquire(
        self, name: str, holder: str, seconds: float, *, wait: float = 0.0, ephemeral: bool = False
    ) -> Lock:
        """Take the lock, waiting up to ``wait`` seconds. A second acquisition by the same holder is refused
        like any other. An ``ephemeral`` lock is free as soon as this process has ended. Raises LockHeld."""

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        """Extend the lease to ``seconds`` from now, under the same token. Raises LockLost."""

    def release(self, name: str, holder: str, *, token: int | None = None) -> None:
        """Release the lock; with ``token``, only that acquisition. Raises LockLost if it is not held so."""

    def break_lock(self, name: str) -> Lock:
        """Take a lock away from its holder and record the break; return the broken lock. Raises
        LockNotFound."""

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        """Return the most recent breaks, newest first."""

    def lock_history(self, name: str | None = None, limit: int = 100) -> list[LockUse]:
        """Return the most recent acquisitions of a lock, or of all locks, newest first, and what became of
        them. The last 1,000 of all locks are kept, or the last 20 of each where they are kept with the lock.
        Those by other programs are not among them."""

    def lock(self, name: str) -> Lock | None:
        """Return the lock if it is held now; else None."""

    def locks(self) -> list[Lock]:
        """Return all locks held now, in the order of their names."""

    def fence(self, name: str, token: int) -> None:
        """From now on every write of this handle checks, in its own transaction, that the lock is still
        held under this token and not expired; otherwise it raises LockLost and writes nothing."""

    def unfence(self, name: str) -> None:
        """Stop checking for this name; nothing happens if it was not fenced."""

    def check_fences(self) -> None:
        """Raise LockLost unless every fenced lock is still held: for what is done outside of the store."""


class History(Protocol):
    """Who wrote what, including writes by other programs."""

    def revision(self) -> int:
        """Return the newest revision of the store; 0 if nothing was ever written."""

    def revisions(self, key: str, *, limit: int | None = None) -> Iterator[Revision]:
        """Yield the revisions of one key, newest first, as far back as retention keeps them."""

    def revisions_since(
        self, since: int, *, prefix: str = "", limit: int | None = None
    ) -> Iterator[Revision]:
        """Yield the revisions after ``since``, oldest first, each once, without gaps."""

    def follow(self, since: int, *, prefix: str = "") -> list[Revision]:
        """Return the next revisions after ``since``, as many as one read gives; continue from the last one.
        Raises HistoryPruned if any revision after ``since`` is forgotten."""

    def prune(self, *, keep: int, keep_deleted_days: float) -> int:
        """Forget revisions beyond the newest ``keep`` of each key, and deletions older than
        ``keep_deleted_days``; return the number forgotten. Transactions are too short for other
        writers to notice."""

    def compact(
        self, *, keep: int = 0, upto: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """Forget all but the newest ``keep`` revisions of each key, only up to revision ``upto`` if it is
        given; then return free space to the file system. The store's newest revision stays. ``progress`` gets
        (forgotten, total). Return the number forgotten. Transactions are as short as those of
        :meth:`prune`."""

    def mark_secret(self, key: str) -> None:
        """Keep no values of this key in history from now on, only the fact that it changed; drop those it
        has."""


class Past(Protocol):
    """The store at an earlier revision. Revision 0 is before the first change."""

    def complete_since(self, prefix: str = "") -> int:
        """Return the oldest revision at which all keys under a prefix are known."""

    def revision_at(self, at: float) -> int:
        """Return the newest revision made at or before ``at`` (unix seconds). Raises HistoryPruned."""

    def entries_at(self, revision: int, prefix: str = "") -> Iterator[Entry]:
        """Yield the entries at a revision, in key order. An entry whose value is a secret has the type
        ``secret`` and no value. Raises HistoryPruned, RevisionNotFound."""

    def entry_at(self, key: str, revision: int) -> Entry:
        """Return one entry at a revision. Raises KeyNotFound, HistoryPruned, RevisionNotFound."""

    def differences(self, one: int, other: int, prefix: str = "") -> Iterator[Difference]:
        """Yield the keys that differ between two revisions, in key order. Raises HistoryPruned,
        RevisionNotFound."""


class Undoing(Protocol):
    """Change sets and their undo. An undo is a change set too, so it can be undone."""

    def change_sets(self, *, prefix: str = "") -> Iterator[ChangeSet]:
        """Yield change sets, newest first; with a prefix, those that changed a key under it. A burst of
        writes by another program is one change set."""

    def change_set(self, name: str) -> ChangeSet:
        """Return a change set by its id or by the id of a run. Raises RevisionNotFound, HistoryPruned."""

    def newest_change_set(self) -> ChangeSet:
        """Return the newest change set that somebody made: not the deletion of entries whose time to live was
        over. Raises RevisionNotFound if there is none."""

    def undo_steps(self, change_set: ChangeSet) -> Iterator[Step]:
        """Yield the steps that :meth:`undo` would take, in key order."""

    def undo(self, change_set: ChangeSet, *, force: bool = False) -> int:
        """Restore every key of the change set to its value before it; return the number of keys that changed.
        All or nothing.

        Raises Conflict, with the keys, if another change set changed one since or the earlier value is a
        secret, and HistoryPruned if part of the change set is forgotten. ``force`` overwrites later changes,
        and leaves keys alone whose earlier value is not kept."""

    def rollback_steps(self, revision: int, *, prefix: str = "", key: str | None = None) -> Iterator[Step]:
        """Yield the steps that :meth:`rollback` would take, in key order."""

    def rollback(
        self, revision: int, *, prefix: str = "", key: str | None = None, force: bool = False
    ) -> int:
        """Restore one key, the keys under a prefix, or all keys to a revision; return the number that
        changed. Raises Conflict if an earlier value is a secret, unless ``force`` leaves such keys alone;
        HistoryPruned, RevisionNotFound."""


class Surveys(Protocol):
    """Overviews of all entries; each costs at least one pass over their keys."""

    def groups(self) -> Iterator[KeyGroup]:
        """Yield each first segment of keys, with the ``:`` or ``/`` it ends in, and its number of keys, in
        key order. Keys without a segment are in no group."""

    def top_entries(self, order: str, limit: int) -> list[RankedEntry]:
        """Return up to ``limit`` entries: the ``largest`` values, the most recently changed (``newest``), or
        the least recently changed (``oldest``)."""

    def problems(self) -> list[str]:
        """Return the defects of the store, in the words of its engine; empty if it is sound. Reads all of
        it."""


class Moving(Protocol):
    """A whole store, to make another one that is like it."""

    def dump(self) -> Iterator[Part]:
        """Yield everything but the locks: entries, revisions, change sets, what is a secret and what is
        forgotten, all as of one moment. Writers are not held up. The parts come from a connection of their
        own or are read in pages: they may be read while this handle is used."""

    def dump_entries(self, prefix: str = "", *, lines: bool = False) -> Iterator[EntryPart]:
        """Like :meth:`dump`, but yield only the outline, what is a secret, and the entries under a prefix in
        key order. The outline counts those entries alone. With ``lines`` a store that is faster so gives
        :class:`~sloth_tui.store.parts.EntryLines` in place of entries."""

    def load(self, parts: Iterable[Part], progress: Callable[[int, int], object] | None = None) -> None:
        """Make this store, which must be empty, equal to the one that the parts come from: the same
        revisions, change sets, times and limits of what is known, so that history, the past and undo are as
        there. All or nothing, also if this process is killed.

        ``progress`` gets (done, total); an exception that it raises ends the work, which then leaves nothing
        behind. Raises Conflict if the store is not empty, or is written to meanwhile; NotWritable, LockLost,
        DatabaseUnusable, and the errors of the stream."""

    def merge(
        self,
        source: Callable[[], Iterable[Batch]],
        rule: str,
        *,
        replace: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Merged:
        """Set the entries of a source, in one change set. ``rule`` is one of :data:`MERGE_RULES`. With
        ``replace`` the entries under that prefix that the source lacks are deleted. All or nothing, also if
        this process is killed. Secret keys are marked before their values are written; marks may stay if the
        rest fails.

        ``source`` may be called more than once, and yields the same each time. ``progress`` gets
        :attr:`Batch.done`; an exception that it raises ends the work, which then leaves nothing behind.
        Raises Conflict, with the keys, if the rule is ``fail`` and a value differs; InvalidKey for a key
        that this store cannot hold; NotWritable, LockLost, DatabaseUnusable, and the errors of the
        source."""


class Store(Entries, EntryWrites, Locks, History, Past, Undoing, Surveys, Moving, Protocol):
    """One agent's store."""

    def set_origin(self, origin: Origin) -> None:
        """Record ``origin`` as the author of later changes. A new origin begins a new change set."""

    def stats(self) -> Stats: ...

    def window(self) -> Window:
        """Return rows for a table of millions. The window does not depend on this handle."""

    def change_token(self) -> int:
        """Return a value that changes when another handle commits. For polling: takes microseconds, or at
        most one request, as often as :attr:`Agents.pace` says. Raises DatabaseUnusable once the store has
        not answered for a while, even if nothing else was asked of it."""

    def next_expiry(self) -> float | None:
        """Return the seconds until the next entry's time to live is over, 0 if it is over already and
        :meth:`expire` has something to do; None if no entry has one. For polling, as quick as
        :meth:`change_token`."""

    def interrupt(self) -> None:
        """Stop the query that another thread runs on this handle; safe from any thread, and never waits."""


class Window(Protocol):
    """A moving window on a table of millions: the rows that match a query, and the page that a screen shows.

    :meth:`supersede`, :meth:`fold` and :meth:`reveal` may be called from any thread and never wait.
    :meth:`page` may be called from any thread, while another one indexes too. The other methods belong to
    one thread. All raise DatabaseUnusable if the store cannot be read; one that does not exist yet counts as
    empty.
    """

    def supersede(self, generation: int) -> None:
        """Make this the only generation that is wanted from now on."""

    def index(self, query: Query, generation: int) -> Iterator[tuple[int, bool]]:
        """Find the rows that match ``query``; yield (number found so far, True if complete).

        Pages are available from the first pair on. Call again with the same generation to update its result
        with what was committed since; that yields once, and the old result stays available until then. If
        superseded, this ends without a complete pair. Name the generation to :meth:`supersede` first.
        """

    def page(self, generation: int, first: int, count: int) -> list[Row | None] | None:
        """Return ``count`` rows from position ``first`` on, fewer at the end; None for a row that no longer
        exists. Return None instead of a list if this generation has no result (any more)."""

    def fold(self, prefix: str, *, opened: bool) -> None:
        """Open or close a node; call :meth:`index` with the same generation afterwards."""

    def reveal(self, key: str) -> None:
        """Open the nodes around a key, like :meth:`fold`."""

    def take_reordered(self) -> bool:
        """Return, and clear, whether reported positions now hold other rows."""

    @property
    def passing(self) -> int:
        """Number of keys known to match, including those folded away."""

    def position(self, key: str, *, node: bool = False) -> int | None:
        """Return the line of ``key``, or of the ``node`` with this prefix, in the current result; None if it
        is not there or not found yet. For a key in a closed node, return the line of that node."""

    def keys(self, first: int, count: int) -> list[str]:
        """Return up to ``count`` matching keys from position ``first`` on, including those folded away,
        without keys that no longer exist. Raises Interrupted if superseded."""

    def keys_between(self, one: str, other: str, limit: int) -> list[str]:
        """Return up to ``limit`` matching keys between two keys, both included; the two may be in either
        order."""

    def keys_below(self, prefix: str, limit: int) -> list[str]:
        """Return up to ``limit`` matching keys in a node of a tree."""

    def existing(self, keys: list[str]) -> frozenset[str]:
        """Return those of ``keys`` that exist, whether they match or not. Raises Interrupted if
        superseded."""

    def close(self) -> None: ...


class Agents(Protocol):
    """The agents, and operations on whole stores.

    Methods that take a name raise InvalidAgentName, and all raise DatabaseUnusable if the store does not
    answer, unless they say otherwise. ``progress`` gets (done, total); an exception that it raises ends the
    work, which then leaves nothing behind.
    """

    @property
    def pace(self) -> Pace | None:
        """How often to ask, for stores on another machine; None for files, where a look costs next to
        nothing. Known without asking.

        With a pace, handles follow a store that is replaced, :meth:`discover` is one request or few, and
        :meth:`listing`, :meth:`identity` and :meth:`state` are not called."""

    @property
    def backups(self) -> str:
        """Location of backups, for people. Known without asking."""

    def names(self) -> list[str]:
        """Return all agents in order; ``local`` is always one of them."""

    def known(self, name: str) -> bool:
        """Return True if the agent has a store. Raises DatabaseUnusable if that cannot be determined."""

    def warning(self, name: str) -> str | None:
        """As :meth:`Handle.warning`, without opening the store."""

    def discover(self) -> list[Agent]:
        """Return every agent, with the size and age of its store, and what it holds if that is known."""

    def look_at(self, name: str) -> Agent:
        """Return one agent, with the size and age of its store."""

    def listing(self) -> object:
        """Return a value that changes whenever an agent may have been added or removed; None if there is
        none."""

    def identity(self, name: str) -> object:
        """Return a value that changes if the store is replaced by another; None if there is no store. Takes
        microseconds, for polling; never raises."""

    def state(self, name: str) -> object:
        """Return a value that changes whenever the store is written, or who may read it, even of one that
        cannot be opened. As quick; never raises."""

    def create(self, name: str) -> str:
        """Create an empty store; return its location. Raises Conflict if there is one, NotWritable,
        DatabaseUnusable."""

    def duplicate(self, name: str, copy: str, progress: Callable[[int, int], object] | None = None) -> str:
        """Create a copy of a store, history included; return its location. Locks are copied where they are
        records, and not where they are leases of the processes that hold them. Raises the errors of
        :meth:`create`, and AgentNotFound."""

    def back_up(
        self,
        name: str,
        progress: Callable[[int, int], object] | None = None,
        target: str | None = None,
    ) -> str:
        """Write a backup of the store to a new file on this machine, with its checksum beside it; return the
        path: ``target``, an absolute one, or else a new one in :attr:`backups`. Raises AgentNotFound,
        Conflict if ``target`` exists, NotWritable, DatabaseUnusable."""

    def examine(
        self, name: str, *, full: bool = False, progress: Callable[[int, int], object] | None = None
    ) -> list[Check]:
        """Examine a store, and return all that was found, even what is in order; change nothing. ``full``:
        also what takes long. Raises AgentNotFound, Interrupted, and DatabaseUnusable if the store does not
        answer; a store that cannot be read is a finding."""

    def remove(self, name: str, progress: Callable[[int, int], object] | None = None) -> str:
        """Back up the store, then delete it; return the backup's location. Raises Refused for the agent that
        always exists, Conflict if another program has the store open or, where nobody can tell, writes to it
        meanwhile, AgentNotFound, NotWritable, DatabaseUnusable."""
