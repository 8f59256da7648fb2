"""The end of a worker, and of the commands that it waits for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.runner.events import Stopping
from sloth_tui.runner.protocol import decode_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.supervision.process import WorkerProcess
    from sloth_tui.runner.supervision.record import RunRecord

EXIT_SECONDS = 2.0
"""Time for a worker to end itself and its commands, in addition to the grace of the commands."""
_ANNOUNCE_AFTER_SECONDS = 0.5
"""Time that commands may take to end before a Stopping event reports them."""


class WorkerShutdown:
    """The end of one worker: its deadline, and the event about commands that it waits for."""

    def __init__(self, worker: WorkerProcess, record: RunRecord) -> None:
        self._worker = worker
        self._record = record
        self._give_up: float | None = None
        self._hastened = False
        self._announced = False
        self._announce_at: float | None = None

    @property
    def failed(self) -> bool:
        """True if the deadline of the worker has passed."""
        return self._give_up is not None and time.monotonic() >= self._give_up

    def times(self) -> list[float]:
        """Return the times, by ``time.monotonic``, at which there is something to do."""
        return [at for at in (self._give_up, self._announce_at) if at is not None]

    def begin(self) -> None:
        """Ask the worker to end. Commands that were asked to end before get no more time."""
        self._give_up = time.monotonic() + EXIT_SECONDS
        self._worker.dismiss()
        if self._record.asked:
            self.hasten()

    def hasten(self) -> None:
        """Let the worker kill its commands at once."""
        if not self._hastened:
            self._hastened = True
            self._give_up = time.monotonic() + EXIT_SECONDS
            self._worker.hasten()

    def news(self) -> Iterator[RunEvent]:
        """Yield Stopping, once, if the worker waits for commands for a while."""
        record = self._record
        if not record.asked or self._announced:
            return
        now = time.monotonic()
        if self._announce_at is None:
            self._announce_at = now + _ANNOUNCE_AFTER_SECONDS
            if self._give_up is not None and not self._hastened:
                self._give_up = record.asked_until + EXIT_SECONDS
        if now >= self._announce_at:
            self._announced, self._announce_at = True, None
            left = record.asked_until - now
            if left > 0:
                yield Stopping(record.task, record.asked, left)

    def end(self) -> None:
        """Make sure that the worker is gone, even if no one reads events any more."""
        if self._give_up is None and not self._worker.ended:
            self.begin()
        while not self._worker.ended and not self.failed:
            for message in decode_lines(self._worker.read(min(self.times()) - time.monotonic())):
                self._record.take(message)
            for _ in self.news():
                pass
        self._worker.close(0.0)
