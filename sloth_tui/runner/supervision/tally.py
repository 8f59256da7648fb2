"""Count what the running task of a run has changed, from the events of the workers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.runner.events import KeyChanged, Resource, TaskFinished, TaskStarted

if TYPE_CHECKING:
    from sloth_tui.runner.events import RunEvent


class Tally:
    """Counts for one task at a time."""

    def __init__(self) -> None:
        self.would_change = False
        """True once a run that only predicts has found something that would change, in any task."""
        self._started = time.monotonic()
        self._keys = self._ok = self._changed = 0

    def take(self, event: RunEvent) -> None:
        """Take note of an event."""
        if isinstance(event, TaskStarted):
            self._started = time.monotonic()
            self._keys = self._ok = self._changed = 0
        elif isinstance(event, KeyChanged):
            self._keys += 1
            self.would_change = self.would_change or event.predicted
        elif isinstance(event, Resource) and event.kind != "lock":
            self._ok += not event.changed
            self._changed += event.changed
            self.would_change = self.would_change or (event.predicted and event.changed)

    def lost(self, task: str, result: str, error: str) -> TaskFinished:
        """Return the end of a task whose worker cannot tell it any more."""
        duration = time.monotonic() - self._started
        return TaskFinished(
            task, result, duration, self._keys, error, None, resources=self._changed, ok=self._ok
        )
