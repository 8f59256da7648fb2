"""The SQLite store: all its parts on one database.

The store itself implements entries, because scripts read and write them in loops. Locks, history, past and
undo are separate parts, loaded on the first call of one of their methods.
"""

from __future__ import annotations

import apsw

from sloth_tui.errors import SlothError
from sloth_tui.store.sqlite.entries.retention import sweep
from sloth_tui.store.sqlite.entries.writing import EntryWriting

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
    from sloth_tui.store.parts import Batch, EntryPart, Merged, Part
    from sloth_tui.store.port import Window
    from sloth_tui.store.sqlite.history.change_sets import ChangeSets
    from sloth_tui.store.sqlite.history.past import Past
    from sloth_tui.store.sqlite.history.revisions import History
    from sloth_tui.store.sqlite.history.undo import Undo
    from sloth_tui.store.sqlite.locks.locks import Locks


class SqliteStore(EntryWriting):
    """See :class:`sloth_tui.store.port.Store`."""

    __slots__ = ()

    # Times to live.

    def set_ttl(self, key: str, ttl: float | None) -> bool:
        from sloth_tui.store.sqlite.entries.expiring import set_ttl

        return set_ttl(self._database, key, ttl)

    def expire(self) -> int:
        from sloth_tui.store.sqlite.entries.expiring import expire

        return expire(self._database)

    def next_expiry(self) -> float | None:
        from sloth_tui.store.sqlite.entries.expiring import next_expiry

        return next_expiry(self._database)

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

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        return self._locks.lock_breaks(limit)

    def lock_history(self, name: str | None = None, limit: int = 100) -> list[LockUse]:
        from sloth_tui.store.sqlite.locks.lock_log import history

        return history(self._database, self._locks.lock, name, limit)

    def lock(self, name: str) -> Lock | None:
        return self._locks.lock(name)

    def locks(self) -> list[Lock]:
        return self._locks.locks()

    def fence(self, name: str, token: int) -> None:
        self._database.fences[name] = token

    def unfence(self, name: str) -> None:
        self._database.fences.pop(name, None)

    def check_fences(self) -> None:
        from sloth_tui.store.sqlite.engine.lease import check_fences

        check_fences(self._database, self._database.fences, self._database.clock)

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
        from sloth_tui.store.sqlite.entries.origins import mark_secret

        mark_secret(self._database, key)

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
        from sloth_tui.store.sqlite.stats import read_stats

        return read_stats(self._database, len(self.locks()), self.complete_since())

    def groups(self) -> Iterator[KeyGroup]:
        from sloth_tui.store.sqlite.surveys import groups

        return groups(self._database)

    def top_entries(self, order: str, limit: int) -> list[RankedEntry]:
        from sloth_tui.store.sqlite.surveys import top_entries

        return top_entries(self._database, order, limit)

    def problems(self) -> list[str]:
        from sloth_tui.store.sqlite.surveys import problems

        return problems(self._database)

    def window(self) -> Window:
        """Rows for a table, on connections of its own."""
        from sloth_tui.store.sqlite.rows.key_source import open_window

        return open_window(self._database.path, self._database.clock)

    # The whole.

    def dump(self) -> Iterator[Part]:
        from sloth_tui.store.sqlite.history.whole import dump

        return dump(self._database)

    def dump_entries(self, prefix: str = "", *, lines: bool = False) -> Iterator[EntryPart]:
        from sloth_tui.store.sqlite.history.whole import dump_entries

        return dump_entries(self._database, prefix, lines=lines)

    def load(self, parts: Iterable[Part], progress: Callable[[int, int], object] | None = None) -> None:
        from sloth_tui.store.sqlite.history.whole import load

        load(self._database, parts, progress)

    def merge(
        self,
        source: Callable[[], Iterable[Batch]],
        rule: str,
        *,
        replace: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Merged:
        from sloth_tui.store.merge_rules import Lives
        from sloth_tui.store.sqlite.history.merging import merge

        lives = Lives(self, rule)
        with self.transaction():
            done = merge(self._database, lives.gather(source()), rule, replace, progress)
            lives.give()
        return done

    # The handle.

    def set_origin(self, origin: Origin) -> None:
        self._database.set_origin(origin)

    def change_token(self) -> int:
        return self._database.change_token()

    def interrupt(self) -> None:
        try:
            self._database.connection.interrupt()
        except apsw.ConnectionClosedError:
            return

    def close(self) -> None:
        database = self._database
        try:
            if database.writes and not database.depth and database.made is None:
                sweep(database)
            if database.erased and not database.depth:
                database.empty_log()
        except (apsw.Error, SlothError):
            return  # the writes are safe, and the sweep can wait for the next handle
        finally:
            super().close()

    # A part is created on each access: its only state is the database.

    @property
    def _locks(self) -> Locks:
        from sloth_tui.store.sqlite.locks.locks import Locks

        return Locks(self._database)

    @property
    def _history(self) -> History:
        from sloth_tui.store.sqlite.history.revisions import History

        return History(self._database)

    @property
    def _past(self) -> Past:
        from sloth_tui.store.sqlite.history.past import Past

        return Past(self._database)

    @property
    def _change_sets(self) -> ChangeSets:
        from sloth_tui.store.sqlite.history.change_sets import ChangeSets

        return ChangeSets(self._database)

    @property
    def _undo(self) -> Undo:
        from sloth_tui.store.sqlite.history.undo import Undo

        return Undo(self._database)
