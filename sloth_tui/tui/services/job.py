"""Work that takes its time: how far it is, and ending it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from sloth_tui.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable


class Interruptible(Protocol):
    def interrupt(self) -> None:
        """End what another thread is doing with it; safe from any thread."""


I = TypeVar("I", bound=Interruptible)  # noqa: E741  # as short as T
T = TypeVar("T")


class Work:
    """One piece of work, seen from both sides: whoever waits looks at it and may :meth:`cancel` it, on any
    thread; whoever does it calls it with how much is done, of how much."""

    def __init__(self) -> None:
        self.done = self.total = 0
        """How far it is; where that is not known ``total`` is 0."""
        self.cancelled = False
        self.began = time.monotonic()
        self._store: Interruptible | None = None

    def __call__(self, done: int, total: int) -> None:
        """So much is done. Raises Interrupted when cancelled."""
        self.done, self.total = done, total
        self.check()

    def check(self) -> None:
        """Raises Interrupted when cancelled."""
        if self.cancelled:
            raise Interrupted("cancelled")

    def cancel(self) -> None:
        """End it soon. To be called again and again until it has ended: what falls between two statements of
        a store is lost."""
        self.cancelled = True
        store = self._store
        if store is not None:
            store.interrupt()

    def of(self, job: Callable[[I], T]) -> Callable[[I], T]:
        """A job on a store as this work: it is what :meth:`cancel` ends."""

        def done(store: I) -> T:
            self.check()
            self._store = store
            try:
                return job(store)
            finally:
                self._store = None

        return done
