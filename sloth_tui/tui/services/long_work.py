"""Run changes and checks that may take seconds and can be cancelled."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sloth_tui.tui.services.beside import read_on_a_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sloth_tui.model import ChangeSet
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store
    from sloth_tui.tui.services.job import Job
    from sloth_tui.tui.services.writer import Writer

T = TypeVar("T")

_CANCEL_POLL_SECONDS = 0.02
"""Between two attempts to cancel."""


class Compacted(NamedTuple):
    """The result of a compaction."""

    forgotten: int
    """Number of revisions."""
    freed: int | None
    """Bytes by which the file shrank; None if the store is not a file."""


class LongJobs:
    """Long changes and checks of the agent that is on screen when they are asked for. The futures raise the
    errors of the store, and Interrupted if the job was cancelled: then nothing was changed, except for
    revisions that :meth:`compact` had forgotten already."""

    def __init__(self, writer: Writer, agent: Callable[[], str], settings: Settings) -> None:
        self._writer = writer
        self._agent = agent
        self._settings = settings
        self._running: set[Job] = set()

    @property
    def keep_revisions(self) -> int:
        """Revisions to keep of each key, as the settings say."""
        return self._settings.keep_revisions

    def stop(self, seconds: float = 5.0) -> None:
        """Cancel every job; wait for that up to ``seconds``."""
        deadline = time.monotonic() + seconds
        while self._running and time.monotonic() < deadline:
            for job in list(self._running):
                job.cancel()
            time.sleep(_CANCEL_POLL_SECONDS)

    def delete(self, job: Job, keys: list[str]) -> Future[int]:
        """Delete these keys; return how many existed."""
        title = f"delete {keys[0]}" if len(keys) == 1 else f"delete {len(keys)} keys"
        return self._write(job, title, lambda store: store.delete_many(keys))

    def clear(self, job: Job, prefix: str) -> Future[int]:
        """Delete every key that begins with ``prefix``; return how many. Before all are deleted, a backup is
        made."""
        title, agent = f"clear --prefix {prefix}" if prefix else "clear", self._agent()

        def clear(store: Store) -> int:
            if not prefix:
                from sloth_tui.store.backups import back_up_first

                back_up_first(
                    agent, "clear", settings=lambda: self._settings, progress=lambda *_: job.check()
                )
            return store.delete_prefix(prefix)

        return self._write(job, title, clear)

    def undo(self, job: Job, agent: str, change_set: ChangeSet, title: str, *, force: bool) -> Future[int]:
        """Undo a change set of ``agent``, recorded under ``title``; return how many keys changed. Raises
        Conflict and HistoryPruned, unless ``force``."""
        return self._write(job, title, lambda store: store.undo(change_set, force=force), agent)

    def compact(self, job: Job, keep: int) -> Future[Compacted]:
        """Forget all but the newest ``keep`` revisions of each key."""

        def compact(store: Store) -> Compacted:
            before = store.stats().file_size
            job.check()
            gone = store.prune(keep=keep, keep_deleted_days=self._settings.keep_deleted_days)
            job.check()
            gone += store.compact(keep=keep, progress=job.report)
            after = store.stats().file_size
            return Compacted(gone, None if before is None or after is None else max(before - after, 0))

        return self._write(job, "compact", compact)

    def problems(self, job: Job) -> Future[list[str]]:
        """Check the store on a thread of its own; return its problems, in words."""

        def problems(store: Store) -> list[str]:
            return store.problems()

        future = read_on_a_thread(self._agent(), job, problems, "check")
        self._follow(job, future)
        return future

    def _write(self, job: Job, title: str, work: Callable[[Store], T], agent: str = "") -> Future[T]:
        future = self._writer.submit(agent or self._agent(), title, job.bind(work))
        self._follow(job, future)
        return future

    def _follow(self, job: Job, future: Future[T]) -> None:
        self._running.add(job)
        future.add_done_callback(lambda _: self._running.discard(job))
