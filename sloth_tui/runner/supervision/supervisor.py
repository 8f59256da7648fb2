"""Starts the worker of a run, watches over it, and tells what happens as it happens.

    supervisor = Supervisor(RunRequest("deploy.lua", "local"))
    for event in supervisor.events():
        ...

The front end's process never runs Lua. A worker that must be ended is killed, nothing less ends a
backtracking pattern; the store undoes what was not committed, locks of with_lock are tied to the process,
and another worker reports what the dead one had committed and goes on with the tasks that are left.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import ExitCode
from sloth_tui.runner.events import Stopping, Warned
from sloth_tui.runner.protocol import Note, messages
from sloth_tui.runner.request import RunRequest
from sloth_tui.runner.supervision.exit_reason import UNHEARD, in_words
from sloth_tui.runner.supervision.process import WorkerProcess
from sloth_tui.runner.supervision.record import RunRecord
from sloth_tui.text import format_duration

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sloth_tui.runner.events import RunEvent

__all__ = ["Absence", "RunRequest", "Supervisor"]

_PATIENCE = 2.0
"""Seconds a worker gets to end itself and what it started, on top of those that it says commands have."""
_SAID_AFTER = 0.5
"""Seconds that commands may take to end before it is said that they are waited for."""
_ONE_REQUEST = 0.2
"""Seconds: timeout(1) and terminals send a signal twice; that is no second request."""
_SETTLING = 5.0
"""Seconds for the worker that reports what a dead one did."""


class Absence:
    """The time in which the process of a supervisor is stopped."""

    def __init__(self) -> None:
        from threading import Event

        self.begun = Event()
        """Set by the supervisor: somebody else listens, it may be stopped."""
        self.over = Event()
        """Set by whoever wished it."""


class _Verdict(NamedTuple):
    """Why a worker ended before its work."""

    result: str
    """Of the task it was at."""
    error: str
    whole_run: bool
    """The run ends with it."""
    exit_code: int = ExitCode.TASK_FAILED


class Supervisor:
    """One run. :meth:`events` is for one thread, :meth:`stop` for any, and for signal handlers."""

    def __init__(self, request: RunRequest, worker: WorkerProcess | None = None) -> None:
        """``worker``: one that was started in advance, for a faster start. It is the run's from now on."""
        self.request = request
        self._ready_worker = worker
        self.run = os.urandom(6).hex()
        """Id of the run."""
        self._stop_signal = 0
        self._absence: Absence | None = None
        self._stopped_at = 0.0
        self._hurried = False
        self._wake_end, self._wake = os.pipe()
        os.set_blocking(self._wake_end, False)
        os.set_blocking(self._wake, False)

    def stop(self, signal_number: int = signal.SIGINT) -> None:
        """Ask the run to end; its exit code will be 128 plus the signal's number.

        Commands are asked once and have the request's grace. A second call, but for a terminal that went
        away, kills them at once.
        """
        now = time.monotonic()
        if not self._stop_signal:
            self._stop_signal, self._stopped_at = signal_number, now
        elif signal_number != signal.SIGHUP and now - self._stopped_at > _ONE_REQUEST:
            self._hurried = True
        self._wake_up()

    def _wake_up(self) -> None:
        try:
            os.write(self._wake, b"!")
        except OSError:  # already over, or already woken
            return

    def step_aside(self, absence: Absence) -> None:
        """Have another process listen to the worker until the absence is over. It has begun soon, unless the
        run is at its end: then nobody needs to."""
        self._absence = absence
        self._wake_up()

    def events(self) -> Iterator[RunEvent]:
        """What happens, until RunFinished. Call it once. Closing the generator ends the run."""
        record = RunRecord(self.request, self.run)
        try:
            yield from self._attend(record)
        finally:
            wake, self._wake = self._wake, -1
            os.close(wake)
            os.close(self._wake_end)

    def _attend(self, record: RunRecord) -> Iterator[RunEvent]:
        while True:
            verdict = yield from self._serve(record)
            if verdict is None:
                yield from record.take_leftovers()
                yield record.finished()
                return
            yield from self._settle(record)
            yield from record.take_loss(verdict.result, verdict.error, goes_on=not verdict.whole_run)
            if verdict.whole_run or not record.planned:
                yield from record.skip_rest(verdict.error)
                yield record.finished(*self._outcome(verdict, record))
                return
            if not record.ahead():
                yield record.finished()
                return

    def _serve(self, record: RunRecord) -> Generator[RunEvent, None, _Verdict | None]:
        """Let one worker work; returns why it did not get to its end, or None."""
        worker, self._ready_worker = self._ready_worker or WorkerProcess(), None
        worker.assign(record.assignment())
        worker.watch(self._wake_end)
        farewell = _Farewell(worker, record)
        verdict = None
        try:
            while not worker.ended and not farewell.failed:
                times = [*farewell.times(), *(self._deadlines(record) if verdict is None else [])]
                yield from self._hear(worker, record, times)
                yield from farewell.news()
                if verdict is None:
                    verdict = self._reason_to_end(record)
                    if verdict is not None:
                        farewell.begin()
                if self._hurried and verdict is not None:
                    farewell.hasten()
        finally:
            farewell.end()
            if record.wait_status is None:  # its guard was killed, and could not clear up
                worker.kill(self.run)
        if worker.unheard and verdict is None and record.ahead():
            # Maybe these tasks were done: another worker must not do them a second time.
            return _Verdict("failed", UNHEARD, whole_run=True)
        if record.complete:
            return None
        return verdict or _Verdict("failed", in_words(record, worker.errors), whole_run=False)

    def _hear(self, worker: WorkerProcess, record: RunRecord, times: list[float]) -> Iterator[RunEvent]:
        unheard = worker.unheard
        for message in messages(self._read(worker, times)):
            event = record.take(message)
            if event is not None:
                yield event
        if worker.unheard and not unheard:
            yield Warned(record.task, UNHEARD)

    def _read(self, worker: WorkerProcess, times: list[float]) -> list[bytes]:
        try:
            lines = worker.read(min(times) - time.monotonic() if times else None)
        except KeyboardInterrupt:
            self.stop()
            return []
        with suppress(BlockingIOError):
            os.read(self._wake_end, 64)
        absence, self._absence = self._absence, None
        if absence is not None:
            worker.lend()
            absence.begun.set()
            absence.over.wait()
            worker.take_back()
        return lines

    def _settle(self, record: RunRecord) -> Iterator[RunEvent]:
        """Report what the worker that is gone had committed but not said."""
        if not record.touched_store():
            return
        worker = WorkerProcess()
        worker.assign(record.assignment("settle"))
        deadline = time.monotonic() + _SETTLING
        settled = False
        try:
            while not worker.ended and time.monotonic() < deadline:
                for message in messages(worker.read(deadline - time.monotonic())):
                    if isinstance(message, Note):
                        settled = settled or message.name == "done"
                    else:
                        record.take(message)
                        yield message
        finally:
            worker.close(_PATIENCE)
        if not settled:
            yield Warned(record.task, "the last changes before the worker's end could not be read back")

    def _deadlines(self, record: RunRecord) -> list[float]:
        if record.complete:  # what is left are commands to be ended
            return []
        whole = [] if self.request.timeout is None else [record.started + self.request.timeout]
        return whole + ([] if record.task_deadline is None else [record.task_deadline])

    def _reason_to_end(self, record: RunRecord) -> _Verdict | None:
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


class _Farewell:
    """The end of one worker: when it has to be over, and what is said meanwhile."""

    def __init__(self, worker: WorkerProcess, record: RunRecord) -> None:
        self._worker = worker
        self._record = record
        self._give_up: float | None = None
        self._hastened = False
        self._said = False
        self._say_at: float | None = None

    @property
    def failed(self) -> bool:
        """The worker should be gone, and is not."""
        return self._give_up is not None and time.monotonic() >= self._give_up

    def times(self) -> list[float]:
        """When there will be something to do."""
        return [at for at in (self._give_up, self._say_at) if at is not None]

    def begin(self) -> None:
        """Dismiss the worker. Commands that have been asked already are not waited for any longer."""
        self._give_up = time.monotonic() + _PATIENCE
        self._worker.dismiss()
        if self._record.asked:
            self.hasten()

    def hasten(self) -> None:
        if not self._hastened:
            self._hastened = True
            self._give_up = time.monotonic() + _PATIENCE
            self._worker.hasten()

    def news(self) -> Iterator[RunEvent]:
        """What commands the worker waits for, once, when that takes a while."""
        record = self._record
        if not record.asked or self._said:
            return
        now = time.monotonic()
        if self._say_at is None:
            self._say_at = now + _SAID_AFTER
            if self._give_up is not None and not self._hastened:
                self._give_up = record.asked_until + _PATIENCE
        if now >= self._say_at:
            self._said, self._say_at = True, None
            yield Stopping(record.task, record.asked, max(0.0, record.asked_until - now))

    def end(self) -> None:
        """See to it that the worker is gone, even if nobody listens any more."""
        if self._give_up is None and not self._worker.ended:
            self.begin()
        while not self._worker.ended and not self.failed:
            for message in messages(self._worker.read(min(self.times()) - time.monotonic())):
                self._record.take(message)
            for _ in self.news():
                pass
        self._worker.close(0.0)
