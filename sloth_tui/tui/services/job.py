"""A long-running job: its progress, and how to cancel it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from sloth_tui.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable


class Interruptible(Protocol):
    def interrupt(self) -> None:
        """Interrupt what another thread does with this object. Safe from any thread."""


I = TypeVar("I", bound=Interruptible)  # noqa: E741  # as short as T
T = TypeVar("T")


class Job:
    """A job as both sides see it. The one that waits reads the progress and may :meth:`cancel`, from any
    thread. The one that works calls :meth:`report`."""

    def __init__(self) -> None:
        self.done = self.total = 0
        """The progress; ``total`` is 0 while it is unknown."""
        self.cancelled = False
        self.began = time.monotonic()
        self._store: Interruptible | None = None

    def report(self, done: int, total: int) -> None:
        """Record the progress. Raises Interrupted if the job was cancelled."""
        self.done, self.total = done, total
        self.check()

    def check(self) -> None:
        """Raise Interrupted if the job was cancelled."""
        if self.cancelled:
            raise Interrupted("cancelled")

    def cancel(self) -> None:
        """Ask the job to end. Call repeatedly until it has: an interrupt between two SQL statements has no
        effect."""
        self.cancelled = True
        store = self._store
        if store is not None:
            store.interrupt()

    def bind(self, work: Callable[[I], T]) -> Callable[[I], T]:
        """Return ``work`` on a store so that :meth:`cancel` interrupts it."""

        def run(store: I) -> T:
            self.check()
            self._store = store
            try:
                return work(store)
            finally:
                self._store = None

        return run
