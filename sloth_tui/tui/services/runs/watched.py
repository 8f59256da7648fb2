"""One run, as the screens see it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sloth_tui.runs.model import GOING, LOST
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from sloth_tui.tui.services.runs.progress import BAD, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.request import RunRequest
    from sloth_tui.runs.event_file import EventFile
    from sloth_tui.runs.model import Run
    from sloth_tui.runs.starting import StartedRun

_FIRST_BYTES = 256 * 1024
_LAST_BYTES = 16 * 1024 * 1024
"""Of a file of events that is larger, only the beginning and the end are read."""


class WatchedRun:
    """A run that was started here, or one that was found: left running, or started by another program.

    The follower's thread calls :meth:`read`; any thread may ask.
    """

    def __init__(
        self,
        run: Run,
        is_secret: Callable[[str], bool],
        *,
        started: StartedRun | None = None,
        request: RunRequest | None = None,
    ) -> None:
        self.run = run
        """What its record says: at its start, and again at its end."""
        self.request = request
        """What was asked for; None if it was not started here."""
        self.output = OutputBuffer(is_secret, how_to_kill="stop again")
        self.progress = Progress()
        self.unread = 0
        """Bytes of events that were left out, because there are too many."""
        self.asked = 0
        """How often it was asked to end, from here."""
        self.left = False
        """True if it goes on when the app ends."""
        self._started = started
        self._guard = threading.Lock()
        self._events: EventFile | None = None if started is None else started.events
        self._read = 0
        self.ended = False
        """True once all of it was read."""

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def file(self) -> str:
        """The file as it was asked for; its path, if it was not asked for here."""
        return self.run.file if self.request is None else self.request.file

    @property
    def now(self) -> Run:
        """Its record, with the result as it is known now."""
        return self.run._replace(result=self.result)

    @property
    def is_ours(self) -> bool:
        """True if it was started here."""
        return self._started is not None

    @property
    def holds_us(self) -> bool:
        """True if it would be stopped when the app ends now."""
        return self.is_ours and not self.ended and not self.left

    @property
    def problem(self) -> str | None:
        """Why it will not be found among the runs that are kept; None if it will."""
        return None if self._started is None else self._started.problem

    @property
    def result(self) -> str:
        """``going``, the result of its last event, or ``lost``."""
        finished = self.progress.finished
        return self.run.result if finished is None else finished.result

    @property
    def going(self) -> bool:
        """True unless it is known to be over."""
        return self.result == GOING

    @property
    def duration(self) -> float | None:
        """Seconds from start to end; None while it goes on."""
        finished = self.progress.finished
        if finished is not None:
            return finished.duration
        return self.run.duration

    @property
    def error(self) -> str | None:
        """What went wrong with the run as a whole, and what to do."""
        finished = self.progress.finished
        error, hint = (self.run.error, self.run.hint)
        if finished is not None:
            error, hint = finished.error, finished.hint
        return f"{error} ({hint})" if error and hint else error

    @property
    def would_change(self) -> bool:
        """True if a check found something that would change."""
        finished = self.progress.finished
        return finished.would_change if finished is not None else self.run.would_change

    @property
    def failed_tasks(self) -> tuple[str, ...]:
        """The tasks that failed, were late, were cancelled or skipped, for any of their hosts."""
        return tuple(dict.fromkeys(one.task for one in self.progress.tasks if one.state in BAD))

    # The follower's part.

    def open(self, follow: Callable[[str], EventFile]) -> None:
        """Have something to read from; ``follow`` opens the events of a run."""
        if self._events is None and not self.ended:
            self._events = follow(self.id)

    def read(self, most: int) -> int:
        """Read up to ``most`` bytes of events; return the number of lines. None are read before
        :meth:`open`."""
        events = self._events
        if events is None or self.ended:
            return 0
        if not self.is_ours and not self.unread and self._read >= _FIRST_BYTES:
            self.unread = self.output.left_out = events.skip(_LAST_BYTES)
        lines = events.lines(most)
        self._read = events.position
        if lines:
            self.output.add(lines)
            self.progress.add(lines)
        return len(lines)

    @property
    def is_read(self) -> bool:
        """True if the run is over and all its events were read."""
        return self._events is not None and self._events.ended

    def close(self, record: Run | None) -> None:
        """Note the end. ``record``: what is kept of it, if it is kept."""
        if record is not None:
            self.run = record
        if self.progress.finished is None and self.run.result == GOING:
            error = "its process ended without saying how: it was killed, or ran out of memory"
            self.run = self.run._replace(result=LOST, error=error, ended=self.run.ended or self.run.started)
        self.ended = True
        with self._guard:
            if self._started is not None:
                self._started.close()
            elif self._events is not None:
                self._events.close()

    # What a person does.

    def stop(self, *, kill: bool = False) -> None:
        """Ask a run that was started here to end; the second time, or with ``kill``, at once."""
        with self._guard:
            if self._started is not None and not self.ended:
                self.asked += 1
                self._started.kill() if kill or self.asked > 1 else self._started.stop()

    def leave(self) -> None:
        """Let it go on when the app ends."""
        with self._guard:
            if self._started is not None and not self.ended:
                self._started.leave()
                self.left = True

    @property
    def is_gone(self) -> bool:
        """True once the process that keeps a run started here is gone."""
        return self._started is None or self._started.ended
