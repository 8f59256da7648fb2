"""Why a run, or the work of one of its workers, ends before it is done."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import ExitCode
from sloth_tui.text import format_duration

if TYPE_CHECKING:
    from sloth_tui.runner.request import RunRequest

_SAME_REQUEST_SECONDS = 0.2
"""Two signals within this time are one request: timeout(1) and terminals send a signal twice."""


class Verdict(NamedTuple):
    """Why a worker ended before its work was done."""

    result: str
    """The result of the task that it was running."""
    error: str
    whole_run: bool
    """True if the run ends as well."""
    exit_code: int = ExitCode.TASK_FAILED


class RunEnding:
    """The reasons for which all workers of a run end: a request to stop, its timeout, a fault.

    Threads and signal handlers may call :meth:`stop`.
    """

    def __init__(self, request: RunRequest) -> None:
        self._limit = request.timeout
        self._started: float | None = None
        self._stop_signal = 0
        self._stopped_at = 0.0
        self._fault: Verdict | None = None
        self.hurried = False
        """True if commands get no time to end."""

    def start_clock(self, started: float) -> None:
        """Count the timeout from then, by ``time.monotonic``."""
        self._started = started

    def stop(self, signal_number: int) -> None:
        """Note a request to stop; a second one, unless it is SIGHUP, lets commands be killed at once."""
        now = time.monotonic()
        if not self._stop_signal:
            self._stop_signal, self._stopped_at = signal_number, now
        elif signal_number != signal.SIGHUP and now - self._stopped_at > _SAME_REQUEST_SECONDS:
            self.hurried = True

    def report_fault(self, verdict: Verdict) -> None:
        """Note that a worker has ended for a reason that ends the others, too."""
        self._fault = self._fault or verdict

    def deadline(self) -> float | None:
        """Return the time, by ``time.monotonic``, at which the run has taken too long, if it may."""
        if self._limit is None or self._started is None:
            return None
        return self._started + self._limit

    def verdict(self, *, complete: bool) -> Verdict | None:
        """Return why a worker has to end now, if it has to. ``complete``: its work is done, and only what its
        commands have left is still to be ended."""
        if self._stop_signal:
            code = 128 + self._stop_signal
            return Verdict("cancelled", "the run was stopped", whole_run=True, exit_code=code)
        if complete:
            return None
        deadline = self.deadline()
        if deadline is not None and time.monotonic() >= deadline:
            assert self._limit is not None
            words = f"the run took longer than {format_duration(self._limit)}"
            return Verdict("timeout", words, whole_run=True, exit_code=ExitCode.TASK_TIMEOUT)
        return self._fault
