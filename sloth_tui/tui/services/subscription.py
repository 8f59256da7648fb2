"""What the reader is asked, and how often it may be asked again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from sloth_tui.store.port import WindowedStore

    Steps: TypeAlias = Iterator[None]
    Job: TypeAlias = Callable[[WindowedStore], Steps | None]


class Pace(NamedTuple):
    """How long a question rests after an answer before a change puts it again."""

    share: float
    """So many times what the answer took: a store that changes all the time costs no more than one in
    ``share + 1`` of a core."""
    least: float
    """Seconds in any case."""


PROMPT = Pace(8.0, 0.0)
STEADY = Pace(25.0, 1.0)
"""For what is read by somebody, not waited for."""
RARE = Pace(30.0, 2.0)
"""For what nobody looks at."""


class Question:
    """Something to be answered at once and after every change."""

    __slots__ = ("cost", "job", "not_before", "pace", "pending", "steps")

    def __init__(self, job: Job, pace: Pace = PROMPT) -> None:
        self.job = job
        self.pace = pace
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
        self.not_before = time.monotonic() + max(self.pace.share * self.cost, self.pace.least)

    def again(self) -> None:
        """Forget what was begun and start over."""
        self.steps, self.pending, self.not_before = None, True, 0.0
