"""The store on S3: entries, locks, history and all else of one agent."""

from __future__ import annotations

from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.s3.copies import marks
from sloth_tui.store.s3.copies.host_copy import HostCopy
from sloth_tui.store.s3.copies.reading import POLL_SECONDS, S3Reading
from sloth_tui.store.s3.leases.keeping import Keeper
from sloth_tui.store.s3.leases.leases import Leases
from sloth_tui.store.s3.locks.locks import Locks
from sloth_tui.store.s3.writing.writer import Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from sloth_tui.model import ChangeSet, Lock, LockUse, Origin, Stats, Value
    from sloth_tui.settings import Settings
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.parts import Batch, EntryPart, Merged, Part
    from sloth_tui.store.port import Window
    from sloth_tui.store.s3.client.objects import Bucket
    from sloth_tui.store.sqlite.store import SqliteStore


class S3Store(S3Reading):
    """See :class:`sloth_tui.store.port.Store`."""

    def __init__(
        self,
        bucket: Bucket,
        agent: str,
        *,
        read_only: bool,
        settings: Callable[[], Settings],
        origin: Origin | None = None,
        clock: Clock = SYSTEM_CLOCK,
        poll: float = POLL_SECONDS,
    ) -> None:
        copy = HostCopy(bucket, agent)
        copy.refresh()
        super().__init__(agent, copy, clock, poll)
        self._bucket = bucket
        leases = Leases(bucket, clock, copy.path + ".seen")
        self._keeper = Keeper(leases)
        self._writer = Writer(
            bucket, agent, copy, leases, self._keeper, read_only=read_only, origin=origin, settings=settings
        )
        self._locks = Locks(bucket, agent, leases, self._keeper, self._writer)
        self._writer.check_fences, self._writer.fences = self._locks.check_fences, self._locks.fences

    @property
    def read_only(self) -> bool:
        return self._writer.read_only

    def close(self) -> None:
        self._keeper.close()
        self._writer.close()
        super().close()

    # Changes of entries.

    def set(self, key: str, value: Value, *, ttl: float | None = None, keep_ttl: bool = False) -> int:
        return self._writer.write(lambda store: store.set(key, value, ttl=ttl, keep_ttl=keep_ttl))

    def set_many(self, values: Mapping[str, Value], *, ttls: Mapping[str, float] | None = None) -> int:
        return self._writer.write(lambda store: store.set_many(values, ttls=ttls))

    def set_ttl(self, key: str, ttl: float | None) -> bool:
        return self._writer.write(lambda store: store.set_ttl(key, ttl))

    def expire(self) -> int:
        return self._writer.write_unfenced(lambda store: store.expire())

    def delete(self, key: str) -> bool:
        return self._writer.write(lambda store: store.delete(key))

    def delete_many(self, keys: Iterable[str]) -> int:
        wanted = list(keys)
        return self._writer.write(lambda store: store.delete_many(wanted))

    def delete_prefix(self, prefix: str) -> int:
        return self._writer.write(lambda store: store.delete_prefix(prefix))

    def increment(self, key: str, by: int | float = 1) -> int | float:
        return self._writer.write(lambda store: store.increment(key, by))

    def set_if_absent(self, key: str, value: Value, *, ttl: float | None = None) -> bool:
        return self._writer.write(lambda store: store.set_if_absent(key, value, ttl=ttl))

    def compare_and_set(self, key: str, old: Value | None, new: Value, *, ttl: float | None = None) -> bool:
        return self._writer.write(lambda store: store.compare_and_set(key, old, new, ttl=ttl))

    def compare_and_set_revision(
        self, key: str, revision: int, new: Value, *, ttl: float | None = None
    ) -> bool:
        return self._writer.write(lambda store: store.compare_and_set_revision(key, revision, new, ttl=ttl))

    def transaction(self) -> AbstractContextManager[None]:
        """See the port. No other writer, on any machine, commits meanwhile."""
        return self._writer.block()

    # Locks.

    def acquire(
        self, name: str, holder: str, seconds: float, *, wait: float = 0.0, ephemeral: bool = False
    ) -> Lock:
        return self._locks.acquire(name, holder, seconds, wait=wait, ephemeral=ephemeral)

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        return self._locks.renew(name, holder, seconds)

    def release(self, name: str, holder: str, *, token: int | None = None) -> None:
        self._locks.release(name, holder, token)

    def break_lock(self, name: str) -> Lock:
        return self._locks.break_lock(name, self._record_break)

    def lock_history(self, name: str | None = None, limit: int = 100) -> list[LockUse]:
        return self._locks.history(name, limit)

    def lock(self, name: str) -> Lock | None:
        return self._locks.lock(name)

    def locks(self) -> list[Lock]:
        return self._locks.locks()

    def fence(self, name: str, token: int) -> None:
        self._locks.fences[name] = token

    def unfence(self, name: str) -> None:
        self._locks.fences.pop(name, None)

    def check_fences(self) -> None:
        self._locks.check_fences()

    # History.

    def prune(self, *, keep: int, keep_deleted_days: float) -> int:
        return self._writer.upkeep(lambda store: store.prune(keep=keep, keep_deleted_days=keep_deleted_days))

    def compact(
        self, *, keep: int = 0, upto: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """See the port. One snapshot takes the place of another, so this is one change for others."""
        return self._writer.upkeep(lambda store: store.compact(keep=keep, upto=upto, progress=progress))

    def dump(self) -> Iterator[Part]:
        return self._newest().dump()

    def dump_entries(self, prefix: str = "", *, lines: bool = False) -> Iterator[EntryPart]:
        return self._newest().dump_entries(prefix, lines=lines)

    def load(self, parts: Iterable[Part], progress: Callable[[int, int], object] | None = None) -> None:
        self._writer.upkeep(lambda store: store.load(parts, progress), fenced=True)

    def merge(
        self,
        source: Callable[[], Iterable[Batch]],
        rule: str,
        *,
        replace: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Merged:
        return self._writer.upkeep(
            lambda store: store.merge(source, rule, replace=replace, progress=progress), fenced=True
        )

    def mark_secret(self, key: str) -> None:
        self._writer.write(lambda store: store.mark_secret(key))

    def undo(self, change_set: ChangeSet, *, force: bool = False) -> int:
        return self._writer.write(lambda store: store.undo(change_set, force=force))

    def rollback(
        self, revision: int, *, prefix: str = "", key: str | None = None, force: bool = False
    ) -> int:
        return self._writer.write(lambda store: store.rollback(revision, prefix=prefix, key=key, force=force))

    # The handle.

    def stats(self) -> Stats:
        found = self._newest().stats()
        size = self._copy.known().size
        details = [each for each in found.storage if each[0] == "pages"]
        return found._replace(
            backend=self.backend,
            location=self.location,
            file_size=None,
            wal_size=None,
            page_size=None,
            page_count=None,
            free_pages=None,
            locks=len(self.locks()),
            storage=(("snapshot", size), *details),
        )

    def window(self) -> Window:
        from sloth_tui.store.s3.copies.window import open_window

        self._copy.refresh()
        return open_window(self._copy, self._poll, self._clock)

    def set_origin(self, origin: Origin) -> None:
        self._writer.set_origin(origin)

    def interrupt(self) -> None:
        self._local.interrupt()
        self._writer.interrupt()

    def _newest(self) -> SqliteStore:
        return self._writer.store if self._writer.is_in_block else super()._newest()

    def _record_break(self, broken: Lock) -> None:
        from sloth_tui.store.sqlite.locks.locks import record_break

        writer = self._writer

        def record(store: SqliteStore) -> None:
            with store.transaction():
                record_break(writer.database, broken)
                marks.raise_floor(writer.database.connection, broken.name, broken.token + 1)

        writer.write_unfenced(record)
