"""The store on etcd: all its parts on one session.

The store itself implements entries, because scripts read and write them in loops. Locks, history, past and
undo are separate parts, loaded on the first call of one of their methods.
"""

from __future__ import annotations

from sloth_tui.errors import SlothError
from sloth_tui.store.etcd.entries.writing import EntryWriting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.model import (
        ChangeSet,
        Difference,
        Entry,
        KeyGroup,
        Lock,
        LockBreak,
        LockUse,
        Origin,
        RankedEntry,
        Revision,
        Stats,
        Step,
    )
    from sloth_tui.store.etcd.history.change_sets import ChangeSets
    from sloth_tui.store.etcd.history.history import History
    from sloth_tui.store.etcd.history.past import Past
    from sloth_tui.store.etcd.history.undoing import Undo
    from sloth_tui.store.etcd.locks.locks import Locks
    from sloth_tui.store.etcd.rows.watch import Watch
    from sloth_tui.store.etcd.session import Session
    from sloth_tui.store.parts import Batch, EntryPart, Merged, Part
    from sloth_tui.store.port import Window

_SWEEP_PATIENCE_SECONDS = 1.0
"""How long a server that no longer answers holds up a handle that closes."""


class EtcdStore(EntryWriting):
    """See :class:`sloth_tui.store.port.Store`."""

    __slots__ = ("_due", "_watch")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._watch: Watch | None = None
        """Hears of commits; only of a handle that asked for one."""
        self._due: tuple[int | None, int] = None, 0
        """What the watch had heard when the head was read, and the time in it from which on entries end."""

    # Locks.

    def acquire(
        self, name: str, holder: str, seconds: float, *, wait: float = 0.0, ephemeral: bool = False
    ) -> Lock:
        return self._locks.acquire(name, holder, seconds, wait=wait, ephemeral=ephemeral)

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        return self._locks.renew(name, holder, seconds)

    def release(self, name: str, holder: str, *, token: int | None = None) -> None:
        self._locks.release(name, holder, token=token)

    def break_lock(self, name: str) -> Lock:
        return self._locks.break_lock(name)

    def lock_history(self, name: str | None = None, limit: int = 100) -> list[LockUse]:
        return self._locks.lock_history(name, limit)

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        return self._locks.lock_breaks(limit)

    def lock(self, name: str) -> Lock | None:
        return self._locks.lock(name)

    def locks(self) -> list[Lock]:
        return self._locks.locks()

    def fence(self, name: str, token: int) -> None:
        self._session.fences[name] = token

    def unfence(self, name: str) -> None:
        self._session.fences.pop(name, None)

    def check_fences(self) -> None:
        from sloth_tui.store.etcd.commits.looking import check_fences

        check_fences(self._session)

    # History.

    def revision(self) -> int:
        return self._history.revision()

    def revisions(self, key: str, *, limit: int | None = None) -> Iterator[Revision]:
        return self._history.revisions(key, limit=limit)

    def revisions_since(
        self, since: int, *, prefix: str = "", limit: int | None = None
    ) -> Iterator[Revision]:
        return self._history.revisions_since(since, prefix=prefix, limit=limit)

    def follow(self, since: int, *, prefix: str = "") -> list[Revision]:
        return self._history.follow(since, prefix=prefix)

    def prune(self, *, keep: int, keep_deleted_days: float) -> int:
        return self._history.prune(keep=keep, keep_deleted_days=keep_deleted_days)

    def compact(
        self, *, keep: int = 0, upto: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> int:
        return self._history.compact(keep=keep, upto=upto, progress=progress)

    def mark_secret(self, key: str) -> None:
        from sloth_tui.store.etcd.history.marking import mark_secret

        mark_secret(self._session, key)

    # The past.

    def complete_since(self, prefix: str = "") -> int:
        return self._past.complete_since(prefix)

    def revision_at(self, at: float) -> int:
        return self._past.revision_at(at)

    def entries_at(self, revision: int, prefix: str = "") -> Iterator[Entry]:
        return self._past.entries_at(revision, prefix)

    def entry_at(self, key: str, revision: int) -> Entry:
        return self._past.entry_at(key, revision)

    def differences(self, one: int, other: int, prefix: str = "") -> Iterator[Difference]:
        return self._past.differences(one, other, prefix)

    # Change sets and undo.

    def change_sets(self, *, prefix: str = "") -> Iterator[ChangeSet]:
        return self._change_sets.change_sets(prefix=prefix)

    def change_set(self, name: str) -> ChangeSet:
        return self._change_sets.change_set(name)

    def newest_change_set(self) -> ChangeSet:
        return self._change_sets.newest_change_set()

    def undo_steps(self, change_set: ChangeSet) -> Iterator[Step]:
        return self._undo.undo_steps(change_set)

    def undo(self, change_set: ChangeSet, *, force: bool = False) -> int:
        return self._undo.undo(change_set, force=force)

    def rollback_steps(self, revision: int, *, prefix: str = "", key: str | None = None) -> Iterator[Step]:
        return self._undo.rollback_steps(revision, prefix=prefix, key=key)

    def rollback(
        self, revision: int, *, prefix: str = "", key: str | None = None, force: bool = False
    ) -> int:
        return self._undo.rollback(revision, prefix=prefix, key=key, force=force)

    # Overviews.

    def stats(self) -> Stats:
        from sloth_tui.store.etcd.stats import read_stats

        return read_stats(self._session, len(self.locks()), self.complete_since())

    def groups(self) -> Iterator[KeyGroup]:
        from sloth_tui.store.etcd.surveys import groups

        return groups(self._session)

    def top_entries(self, order: str, limit: int) -> list[RankedEntry]:
        from sloth_tui.store.etcd.surveys import top_entries

        return top_entries(self._session, order, limit)

    def problems(self) -> list[str]:
        from sloth_tui.store.etcd.surveys import problems

        return problems(self._session)

    def window(self) -> Window:
        """Rows for a table, on sessions of its own."""
        from sloth_tui.store.etcd.rows.source import open_window

        session = self._session
        return open_window(session.another(), session.another(), self._open_watch())

    # The whole.

    def dump(self) -> Iterator[Part]:
        from sloth_tui.store.etcd.moving.dumping import dump

        return dump(self._session)

    def dump_entries(self, prefix: str = "", *, lines: bool = False) -> Iterator[EntryPart]:
        from sloth_tui.store.etcd.moving.dumping import dump_entries

        return dump_entries(self._session, prefix)

    def load(self, parts: Iterable[Part], progress: Callable[[int, int], object] | None = None) -> None:
        from sloth_tui.store.etcd.moving.loading import load

        load(self._session, parts, progress)

    def merge(
        self,
        source: Callable[[], Iterable[Batch]],
        rule: str,
        *,
        replace: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Merged:
        from sloth_tui.store.merging import merge

        self._session.require_writable()
        return merge(self, source, rule, replace, progress)

    # The handle.

    def expire(self) -> int:
        from sloth_tui.store.etcd.commits.commit import expire

        return expire(self._session)

    def next_expiry(self) -> float | None:
        """See the port. A request only if the watch heard of a commit since the last call."""
        session, heard = self._session, None if self._watch is None else self._watch.count
        if heard is None or heard != self._due[0]:
            from sloth_tui.store.etcd.client.messages import Range
            from sloth_tui.store.etcd.data.head import head_of

            head = head_of(session.range(Range(session.layout.head)), session.location)
            self._due = heard, head.due
        due = self._due[1]
        return max(0.0, due / 1000 - session.clock.wall()) if due else None

    def set_origin(self, origin: Origin) -> None:
        self._session.set_origin(origin)

    def change_token(self) -> int:
        """See the port. The first call begins to watch, which takes as long as a call to the server."""
        if self._watch is None:
            self._watch = self._open_watch()
            self._watch.await_begin()
        self._watch.check()
        return self._watch.count

    def close(self) -> None:
        session = self._session
        if self._watch is not None:
            self._watch.close()
        try:
            if session.sweep_due and session.work is None:
                from sloth_tui.store.etcd.upkeep.retention import sweep

                session.patience = min(session.patience, _SWEEP_PATIENCE_SECONDS)
                sweep(session)
        except SlothError:
            return  # the writes are safe, and the sweep can wait for the next handle
        finally:
            super().close()

    def interrupt(self) -> None:
        self._session.interrupt()

    def _open_watch(self) -> Watch:
        from sloth_tui.store.etcd.rows.watch import Watch

        session = self._session
        return Watch(session.open_channel(), session.layout, session.location, session.patience)

    # A part is created on each access: its only state is the session.

    @property
    def _locks(self) -> Locks:
        from sloth_tui.store.etcd.locks.locks import Locks

        return Locks(self._session)

    @property
    def _history(self) -> History:
        from sloth_tui.store.etcd.history.history import History

        return History(self._session)

    @property
    def _past(self) -> Past:
        from sloth_tui.store.etcd.history.past import Past

        return Past(self._session)

    @property
    def _change_sets(self) -> ChangeSets:
        from sloth_tui.store.etcd.history.change_sets import ChangeSets

        return ChangeSets(self._session)

    @property
    def _undo(self) -> Undo:
        from sloth_tui.store.etcd.history.undoing import Undo

        return Undo(self._session)
