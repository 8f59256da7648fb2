"""Make changes one after the other, each with a store handle of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from sloth_tui.errors import NotWritable
from sloth_tui.origin import this_process
from sloth_tui.settings import load_settings
from sloth_tui.store import open_store
from sloth_tui.tui.services.one_by_one import OneByOne

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store

T = TypeVar("T")


class Writer:
    """Opens a store for writing only while it writes."""

    def __init__(
        self,
        *,
        read_only: bool,
        settings: Callable[[], Settings] = load_settings,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        """``after`` is called after each change, on another thread."""
        self._settings = settings
        self._after = after
        self.read_only = read_only
        self._pool = OneByOne("writer")

    def stop(self) -> None:
        """Wait for the change that is being made; queued ones are dropped."""
        self._pool.stop()

    def check(self) -> None:
        """Raise NotWritable if the program was started with ``--read-only``."""
        if self.read_only:
            raise NotWritable(
                "read-only: nothing was changed", hint="start without --read-only to change things"
            )

    def submit(self, agent: str, title: str, job: Callable[[Store], T]) -> Future[T]:
        """Make a change, recorded under ``title``. The future raises the errors of the store. Raises
        NotWritable at once."""
        self.check()
        return self._pool.submit(self._write, agent, title, job)

    def expire(self, agent: str) -> None:
        """Delete the entries whose time to live is over, if this program may write at all. Another one may
        do it, so that a failure concerns nobody."""
        if not self.read_only:
            self._pool.submit(self._write, agent, "", lambda store: store.expire())

    def call(self, job: Callable[[], T]) -> Future[T]:
        """Queue a job that opens no store itself. Raises NotWritable at once."""
        self.check()
        return self._pool.submit(job)

    def _write(self, agent: str, title: str, job: Callable[[Store], T]) -> T:
        origin = this_process("sloth-tui", title)
        with open_store(agent, "write", origin=origin, settings=self._settings) as store:
            made = job(store)
        self._after()
        return made
