"""Start the worker of a run, watch it, and pass on its events as they come.

    supervisor = Supervisor(RunRequest("deploy.lua", "local"))
    for event in supervisor.events():
        ...

The front end's process never runs Lua. A worker that must end is killed: nothing less ends a backtracking
pattern. Then the store undoes what was not committed, the locks of with_lock are free because their process
is gone, and another worker reports what the dead one had committed and continues with the remaining tasks.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import ExitCode
from sloth_tui.runner.events import Stopping, Warned
from sloth_tui.runner.protocol import Note, decode_lines
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.exit_reason import OUTPUT_LOST, describe_exit
from sloth_tui.runner.supervision.process import WorkerProcess
from sloth_tui.runner.supervision.record import RunRecord
from sloth_tui.text import format_duration

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sloth_tui.runner.events import RunEvent

__all__ = ["RunRequest", "Supervisor", "Suspension"]

_EXIT_SECONDS = 2.0
"""Time for a worker to end itself and its commands, in addition to the grace of the commands."""
_ANNOUNCE_AFTER_SECONDS = 0.5
"""Time that commands may take to end before a Stopping event reports them."""
_SAME_REQUEST_SECONDS = 0.2
"""Two signals within this time are one request: timeout(1) and terminals send a signal twice."""
_RECOVERY_SECONDS = 5.0
"""Time for the worker that reports what a dead one did."""


class Suspension:
    """A time in which the process of the supervisor is stopped, as by Ctrl-Z."""

    def __init__(self) -> None:
        from threading import Event

        self.begun = Event()
        """Set by the supervisor: another process reads in its place, and this one may be stopped."""
        self.over = Event()
        """Set by the caller of :meth:`Supervisor.prepare_suspension` when this process runs again."""


class _Verdict(NamedTuple):
    """Why a worker ended before its work was done."""

    result: str
    """The result of the task that it was running."""
    error: str
    whole_run: bool
    """True if the run ends as well."""
    exit_code: int = ExitCode.TASK_FAILED


class Supervisor:
    """One run. One thread iterates over :meth:`events`; threads and signal handlers may call :meth:`stop`."""

    def __init__(self, request: RunRequest, worker: WorkerProcess | None = None) -> None:
        """``worker``: one that was started in advance, for a faster start. The run owns it from now on."""
        self.request = request
        self._ready_worker = worker
        self.run = os.urandom(6).hex()
        """Id of the run."""
        self._stop_signal = 0
        self._suspension: Suspension | None = None
        self._stopped_at = 0.0
        self._hurried = False
        self._wake_end, self._wake = os.pipe()
        os.set_blocking(self._wake_end, False)
        os.set_blocking(self._wake, False)

    def stop(self, signal_number: int = signal.SIGINT) -> None:
        """Ask the run to end; its exit code will be 128 plus the signal's number.

        Commands are asked once and have the request's grace to end. A second call kills them at once, unless
        its signal is SIGHUP, which a terminal sends when it closes.
        """
        now = time.monotonic()
        if not self._stop_signal:
            self._stop_signal, self._stopped_at = signal_number, now
        elif signal_number != signal.SIGHUP and now - self._stopped_at > _SAME_REQUEST_SECONDS:
            self._hurried = True
        self._wake_up()

    def _wake_up(self) -> None:
        try:
            os.write(self._wake, b"!")
        except OSError:  # already over, or already woken
            return

    def prepare_suspension(self, suspension: Suspension) -> None:
        """Let another process read from the worker until the suspension is over.

        ``suspension.begun`` is set soon, unless the run is at its end: then no process needs to read.
        """
        self._suspension = suspension
        self._wake_up()

    def events(self) -> Iterator[RunEvent]:
        """Yield the run's events, up to RunFinished. Call it once. Closing the generator ends the run."""
        record = RunRecord(self.request, self.run)
        try:
            yield from self._run_workers(record)
        finally:
            wake, self._wake = self._wake, -1
            os.close(wake)
            os.close(self._wake_end)

    def _run_workers(self, record: RunRecord) -> Iterator[RunEvent]:
        while True:
            verdict = yield from self._run_worker(record)
            if verdict is None:
                yield from record.report_orphans()
                yield record.finished()
                return
            yield from self._recover(record)
            yield from record.report_lost_worker(verdict.result, verdict.error, goes_on=not verdict.whole_run)
            if verdict.whole_run or not record.planned:
                yield from record.skip_rest(verdict.error)
                yield record.finished(*self._outcome(verdict, record))
                return
            if not record.ahead():
                yield record.finished()
                return

    def _run_worker(self, record: RunRecord) -> Generator[RunEvent, None, _Verdict | None]:
        """Yield the events of one worker; return why it ended before its work was done, or None."""
        worker, self._ready_worker = self._ready_worker or WorkerProcess(), None
        worker.assign(record.assignment())
        worker.watch(self._wake_end)
        shutdown = _WorkerShutdown(worker, record)
        verdict = None
        try:
            while not worker.ended and not shutdown.failed:
                times = [*shutdown.times(), *(self._deadlines(record) if verdict is None else [])]
                yield from self._receive(worker, record, times)
                yield from shutdown.news()
                if verdict is None:
                    verdict = self._check_end(record)
                    if verdict is not None:
                        shutdown.begin()
                if self._hurried and verdict is not None:
                    shutdown.hasten()
        finally:
            shutdown.end()
            if record.wait_status is None:  # its guard was killed, and did not end the processes
                worker.kill(self.run)
        if worker.output_lost and verdict is None and record.ahead():
            # These tasks may have run: another worker must not run them a second time.
            return _Verdict("failed", OUTPUT_LOST, whole_run=True)
        if record.complete:
            return None
        return verdict or _Verdict("failed", describe_exit(record, worker.errors), whole_run=False)

    def _receive(self, worker: WorkerProcess, record: RunRecord, times: list[float]) -> Iterator[RunEvent]:
        output_lost = worker.output_lost
        for message in decode_lines(self._read(worker, times)):
            event = record.take(message)
            if event is not None:
                yield event
        if worker.output_lost and not output_lost:
            yield Warned(record.task, OUTPUT_LOST)

    def _read(self, worker: WorkerProcess, times: list[float]) -> list[bytes]:
        try:
            lines = worker.read(min(times) - time.monotonic() if times else None)
        except KeyboardInterrupt:
            self.stop()
            return []
        with suppress(BlockingIOError):
            os.read(self._wake_end, 64)
        suspension, self._suspension = self._suspension, None
        if suspension is not None:
            worker.pause_reading()
            suspension.begun.set()
            suspension.over.wait()
            worker.resume_reading()
        return lines

    def _recover(self, record: RunRecord) -> Iterator[RunEvent]:
        """Yield the changes that a dead worker had committed but not reported."""
        if self.request.check or not record.touched_store():
            return
        worker = WorkerProcess()
        worker.assign(record.assignment("recover"))
        deadline = time.monotonic() + _RECOVERY_SECONDS
        recovered = False
        try:
            while not worker.ended and time.monotonic() < deadline:
                for message in decode_lines(worker.read(deadline - time.monotonic())):
                    if isinstance(message, Note):
                        recovered = recovered or message.name == "done"
                    else:
                        record.take(message)
                        yield message
        finally:
            worker.close(_EXIT_SECONDS)
        if not recovered:
            yield Warned(record.task, "the last changes before the worker's end could not be read back")

    def _deadlines(self, record: RunRecord) -> list[float]:
        if record.complete:  # only commands are left to be ended
            return []
        whole = [] if self.request.timeout is None else [record.started + self.request.timeout]
        return whole + ([] if record.task_deadline is None else [record.task_deadline])

    def _check_end(self, record: RunRecord) -> _Verdict | None:
        now = time.monotonic()
        if self._stop_signal:
            code = 128 + self._stop_signal
            return _Verdict("cancelled", "the run was stopped", whole_run=True, exit_code=code)
        if record.complete:
            return None
        limit = self.request.timeout
        if limit is not None and now >= record.started + limit:
            words = f"the run took longer than {format_duration(limit)}"
            return _Verdict("timeout", words, whole_run=True, exit_code=ExitCode.TASK_TIMEOUT)
        if record.task_deadline is not None and now >= record.task_deadline:
            words = f"took longer than {format_duration(record.task_timeout())}"
            return _Verdict("timeout", words, whole_run=False)
        return None

    def _outcome(self, verdict: _Verdict, record: RunRecord) -> tuple[str, str, int]:
        if verdict.whole_run:
            return verdict.result, verdict.error, verdict.exit_code
        return "error", f"{self.request.file}: {verdict.error}", ExitCode.FAILURE


class _WorkerShutdown:
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
        self._give_up = time.monotonic() + _EXIT_SECONDS
        self._worker.dismiss()
        if self._record.asked:
            self.hasten()

    def hasten(self) -> None:
        """Let the worker kill its commands at once."""
        if not self._hastened:
            self._hastened = True
            self._give_up = time.monotonic() + _EXIT_SECONDS
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
                self._give_up = record.asked_until + _EXIT_SECONDS
        if now >= self._announce_at:
            self._announced, self._announce_at = True, None
            yield Stopping(record.task, record.asked, max(0.0, record.asked_until - now))

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
