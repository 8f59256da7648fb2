"""What the reader reads once, or again after every change, and how often it may."""

from __future__ import annotations

import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from sloth_tui.errors import DatabaseUnusable, Interrupted, SlothError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from sloth_tui.store.port import Store

    Steps: TypeAlias = Iterator[None]
    Read: TypeAlias = Callable[[Store], Steps | None]

T = TypeVar("T")


class RefreshPolicy(NamedTuple):
    """Minimum delay before a subscription is read again after a change."""

    cost_factor: float
    """Times the seconds the last read took. A store that changes all the time costs at most one in
    ``cost_factor + 1`` of a core."""
    min_seconds: float


URGENT = RefreshPolicy(8.0, 0.0)
VISIBLE = RefreshPolicy(25.0, 1.0)
"""For what is on screen but not urgent."""
HIDDEN = RefreshPolicy(30.0, 2.0)
"""For what is not on screen."""


class Subscription:
    """Something to read at once and after every change."""

    __slots__ = ("cost", "not_before", "pending", "policy", "read", "steps")

    def __init__(self, read: Read, policy: RefreshPolicy = URGENT) -> None:
        self.read = read
        self.policy = policy
        self.steps: Steps | None = None
        """The rest of a read that is done in steps."""
        self.pending = True
        self.not_before = 0.0
        self.cost = 0.0

    def is_due(self, now: float) -> bool:
        return self.steps is not None or (self.pending and self.not_before <= now)

    def answer(self, store: Store) -> None:
        """Do the whole read, or its next step."""
        began = time.monotonic()
        if self.steps is None:
            self.pending, self.cost = False, 0.0
            self.steps = self.read(store)
        if self.steps is not None and next(self.steps, self) is self:
            self.steps = None
        self.cost += time.monotonic() - began
        self.not_before = time.monotonic() + max(self.policy.cost_factor * self.cost, self.policy.min_seconds)

    def restart(self) -> None:
        """Drop the steps done so far and read again."""
        self.steps, self.pending, self.not_before = None, True, 0.0


class Call(Generic[T]):
    """Something to read once. The future raises the errors of the store, or DatabaseUnusable without one."""

    def __init__(self, read: Callable[[Store], T]) -> None:
        self._read = read
        self.future: Future[T] = Future()

    def answer(self, store: Store | None) -> None:
        """Read, unless the caller does not wait any more. Raises Interrupted: call it again then."""
        # If an interrupt restarts it, the future is running already.
        if not self.future.running() and not self.future.set_running_or_notify_cancel():
            return
        try:
            if store is None:
                raise DatabaseUnusable("there is no store to read")
            self.future.set_result(self._read(store))
        except Interrupted:
            raise
        except SlothError as error:
            self.future.set_exception(error)
