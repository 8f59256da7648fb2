"""What the reader is asked, and how often it may be asked again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from sloth_tui.store.port import WindowedStore

    Steps: TypeAlias = Iterator[None]
    Job: TypeAlias = Callable[[WindowedStore], Steps | None]

_REST = 8.0
"""A question that took t seconds is not put again by a change within this many t, so that a store which
changes all the time costs no more than a ninth of a core a question."""
_LONG_REST = 30.0
"""The same for one that is not urgent, because nobody looks at its answer."""
_AT_LEAST = 2.0
"""Seconds that such a one rests in any case."""


class Question:
    """Something to be answered at once and after every change."""

    __slots__ = ("cost", "job", "not_before", "pending", "steps", "urgent")

    def __init__(self, job: Job, *, urgent: bool = True) -> None:
        self.job = job
        self.urgent = urgent
        self.steps: Steps | None = None
        """What is left of an answer that is given in steps."""
        self.pending = True
        self.not_before = 0.0
        self.cost = 0.0

    def is_due(self, now: float) -> bool:
        return self.steps is not None or (self.pending and self.not_before <= now)

    def answer(self, store: WindowedStore) -> None:
        """Do the whole of the job, or its next step."""
        began = time.monotonic()
        if self.steps is None:
            self.pending, self.cost = False, 0.0
            self.steps = self.job(store)
        if self.steps is not None and next(self.steps, self) is self:
            self.steps = None
        self.cost += time.monotonic() - began
        rest = _REST * self.cost if self.urgent else max(_LONG_REST * self.cost, _AT_LEAST)
        self.not_before = time.monotonic() + rest

    def again(self) -> None:
        """Forget what was begun and start over."""
        self.steps, self.pending, self.not_before = None, True, 0.0
