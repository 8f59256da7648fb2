"""Changes and checks that may take seconds, and can be cancelled."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from sloth_tui.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.model import ChangeSet
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store
    from sloth_tui.tui.services.job import Work
    from sloth_tui.tui.services.writer import Writer

T = TypeVar("T")

_AGAIN = 0.02
"""Seconds between two attempts to cancel."""


class Compacted(NamedTuple):
    """What compaction brought."""

    forgotten: int
    """Revisions."""
    freed: int
    """Bytes the file is smaller now."""


class LongWork:
    """Changes and checks that may take seconds, of the agent that is on screen when they are asked for. The
    futures raise the errors of the store, and Interrupted where the work was cancelled: then nothing was
    changed, but for what :meth:`compact` had forgotten already."""

    def __init__(self, writer: Writer, agent: Callable[[], str], settings: Settings) -> None:
        self._writer = writer
        self._agent = agent
        self._settings = settings
        self._going_on: set[Work] = set()

    @property
    def keep_revisions(self) -> int:
        """Of each key, as the settings say."""
        return self._settings.keep_revisions

    def stop(self, seconds: float = 5.0) -> None:
        """Cancel all of it; waits so many seconds for that."""
        deadline = time.monotonic() + seconds
        while self._going_on and time.monotonic() < deadline:
            for work in list(self._going_on):
                work.cancel()
            time.sleep(_AGAIN)

    def delete(self, work: Work, keys: list[str]) -> Future[int]:
        """How many of them were there."""
        title = f"delete {keys[0]}" if len(keys) == 1 else f"delete {len(keys)} keys"
        return self._write(work, title, lambda store: store.delete_many(keys))

    def clear(self, work: Work, prefix: str) -> Future[int]:
        """Delete every key that begins with ``prefix``; how many that were."""
        title = f"clear --prefix {prefix}" if prefix else "clear"
        return self._write(work, title, lambda store: store.delete_prefix(prefix))

    def undo(self, work: Work, agent: str, change: ChangeSet, title: str, *, force: bool) -> Future[int]:
        """Take back a change of ``agent``, recorded under ``title``; how many keys changed. Raises Conflict
        and NotKept, unless ``force``."""
        return self._write(work, title, lambda store: store.undo(change, force=force), agent)

    def compact(self, work: Work, keep: int) -> Future[Compacted]:
        """Forget all but the newest ``keep`` revisions of each key."""

        def compact(store: Store) -> Compacted:
            before = store.stats().file_size
            work.check()
            gone = store.prune(keep=keep, keep_deleted_days=self._settings.keep_deleted_days)
            work.check()
            gone += store.compact(keep=keep, progress=work)
            return Compacted(gone, max(before - store.stats().file_size, 0))

        return self._write(work, "compact", compact)

    def problems(self, work: Work) -> Future[list[str]]:
        """What is wrong with the database, on a thread of its own."""
        agent, future = self._agent(), Future[list[str]]()

        def problems(store: Store) -> list[str]:
            return store.problems()

        def check() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                with open_store(agent, "read") as store:
                    future.set_result(work.of(problems)(store))
            except Exception as error:  # noqa: BLE001  # whoever waits is told
                future.set_exception(error)

        self._follow(work, future)
        threading.Thread(target=check, name="check", daemon=True).start()
        return future

    def _write(self, work: Work, title: str, job: Callable[[Store], T], agent: str = "") -> Future[T]:
        future = self._writer.submit(agent or self._agent(), title, work.of(job))
        self._follow(work, future)
        return future

    def _follow(self, work: Work, future: Future[T]) -> None:
        self._going_on.add(work)
        future.add_done_callback(lambda _: self._going_on.discard(work))
