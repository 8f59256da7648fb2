"""Run tasks in one worker, and in another one after it has died."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.runner.events import Resource, TaskOutput, Warned
from sloth_tui.runner.protocol import Note, decode_lines
from sloth_tui.runner.request import LOCAL, lane_mark
from sloth_tui.runner.supervision.exit_reason import describe_exit
from sloth_tui.runner.supervision.outcome import announce
from sloth_tui.runner.supervision.process import WorkerProcess
from sloth_tui.runner.supervision.shutdown import EXIT_SECONDS, WorkerShutdown
from sloth_tui.runner.supervision.verdict import RunEnding, Verdict
from sloth_tui.text import format_count

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.supervision.record import RunRecord

_RECOVERY_SECONDS = 5.0
"""Time for the worker that reports what a dead one did."""


class Lane:
    """One worker at a time, with the record of what its tasks did.

    It runs all tasks of a plan without several hosts. Otherwise it goes task by task: :meth:`begin` and
    :meth:`finish` tell it what is next, and a lane of a host runs that host's tasks alone.
    """

    def __init__(
        self,
        record: RunRecord,
        ending: RunEnding,
        keys: Callable[[], bytes],
        worker: WorkerProcess | None = None,
    ) -> None:
        """``keys`` returns the keys that each worker gets; ``worker``: one that was started in advance."""
        self.record = record
        self.keys = keys
        self._ending = ending
        self._ready_worker = worker
        self._shutdown: WorkerShutdown | None = None
        self._no_more_tasks = False
        self._told = ""
        self._loading = False
        self.worker: WorkerProcess | None = None
        """The one that is to be read from."""
        self.wait_until: float | None = None
        """The time, by ``time.monotonic``, until which :meth:`events` has waited for lines at most."""
        self.verdict: Verdict | None = None
        """Why the run ends before its work is done; None if it does not."""

    def begin(self, task: str, told: str = "") -> None:
        """Run this task next; ``told``: what it is told of the failures of others. Only if the lane goes task
        by task, and runs none."""
        self.record.step, self._told = task, told
        if self.worker is not None:
            self.worker.begin_task(task, told)

    def finish(self) -> None:
        """End, because there are no more tasks."""
        self._no_more_tasks = True
        if self.worker is not None:
            self.worker.end_tasks()

    def dismiss(self) -> None:
        """Ask the worker to end, because no one reads events any more."""
        if self._shutdown is not None:
            self._shutdown.begin()

    def events(self) -> Generator[RunEvent | None, None, None]:
        """Yield what happens, and None whenever it waits: for lines of ``worker``, a request, or a time.

        Call it once. Closing the generator ends the worker.
        """
        for event in self._run_workers():
            if event is None or not self._is_repeated(event):
                yield event if event is None else self._with_host(event)

    def _is_repeated(self, event: RunEvent) -> bool:
        """True for what a host's worker prints while it loads the file: another one has told it before."""
        task = getattr(event, "task", None)
        self._loading = self._loading and task is None
        return self._loading and isinstance(event, (TaskOutput, Warned))

    def _with_host(self, event: RunEvent) -> RunEvent:
        host = self.record.host
        if host is None:
            return event
        if isinstance(event, Resource):
            here = host in LOCAL and event.host in LOCAL
            return event._replace(task_host=host, host=host if here else event.host)
        return event._replace(host=host) if "host" in event._fields else event  # type: ignore[call-arg]

    def _run_workers(self) -> Iterator[RunEvent | None]:
        record = self.record
        while (yield from self._has_work()):
            verdict = yield from self._run_worker()
            if verdict is None:
                yield from self._report_orphans()
                return
            yield from self._recover()
            yield from record.report_lost_worker(verdict.result, verdict.error, goes_on=not verdict.whole_run)
            if verdict.whole_run or not record.planned:
                self.verdict = verdict
                return

    def _report_orphans(self) -> Iterator[RunEvent]:
        """Yield a warning about processes that commands had left running, if any."""
        left = self.record.orphans
        if left:
            were = "was" if left == 1 else "were"
            yield Warned(None, f"{format_count(left, 'process', 'processes')} left by commands {were} ended")

    def _has_work(self) -> Generator[None, None, bool]:
        """Wait until there is a task to run; return False if there will be none."""
        if not self.record.stepwise:
            return not self.record.planned or bool(self.record.ahead())
        while self.record.step is None and not self._no_more_tasks:
            self.verdict = self._ending.verdict(complete=False)
            if self.verdict is not None:
                break
            self.wait_until = self._ending.deadline()
            yield None
        return self.record.step is not None

    def _run_worker(self) -> Generator[RunEvent | None, None, Verdict | None]:
        """Yield the events of one worker; return why it ended before its work was done, or None."""
        record = self.record
        try:
            worker = self._start_worker()
        except SlothError as error:
            if record.host is None:
                raise
            return Verdict("failed", error.message, whole_run=False)
        shutdown = self._shutdown = WorkerShutdown(worker, record)
        verdict = None
        try:
            while not worker.ended and not shutdown.failed:
                self.wait_until = min(
                    [*shutdown.times(), *(self._deadlines() if verdict is None else [])], default=None
                )
                yield None
                yield from self._receive(worker)
                yield from shutdown.news()
                if verdict is None:
                    verdict = self._check_end(worker)
                    if verdict is not None:
                        shutdown.begin()
                if self._ending.hurried and verdict is not None:
                    shutdown.hasten()
        finally:
            self.worker = self._shutdown = None
            shutdown.end()
            if record.wait_status is None:  # its guard was killed, and did not end the processes
                worker.kill(lane_mark(record.run, record.lane))
        if record.complete:
            return None
        if record.refused is not None:
            return Verdict("failed", record.refused, whole_run=False)
        return verdict or Verdict("failed", describe_exit(record, worker.errors), whole_run=False)

    def _start_worker(self) -> WorkerProcess:
        keys = self.keys()
        worker, self._ready_worker = self._ready_worker or WorkerProcess(), None
        worker.assign(self.record.assignment(), keys)
        self.record.begin_worker()
        self.worker, self._loading = worker, self.record.host is not None
        if self.record.step is not None:
            worker.begin_task(self.record.step, self._told)
        return worker

    def _receive(self, worker: WorkerProcess) -> Iterator[RunEvent]:
        for message in decode_lines(worker.read(0.0)):
            event = self.record.take(message)
            if event is not None:
                yield event
            elif isinstance(message, Note) and message.name == "plan":
                yield announce(self.record)

    def _recover(self) -> Iterator[RunEvent | None]:
        """Yield the changes that a dead worker had committed but not reported."""
        record = self.record
        if record.request.check or not record.touched_store():
            return
        worker = self.worker = WorkerProcess()
        worker.assign(record.assignment("recover"), self.keys())
        self.wait_until = deadline = time.monotonic() + _RECOVERY_SECONDS
        recovered = False
        try:
            while not worker.ended and time.monotonic() < deadline:
                yield None
                for message in decode_lines(worker.read(0.0)):
                    if isinstance(message, Note):
                        recovered = recovered or message.name == "done"
                    else:
                        record.take(message)
                        yield message
        finally:
            self.worker = None
            worker.close(EXIT_SECONDS)
        if not recovered:
            yield Warned(record.task, "the last changes before the worker's end could not be read back")

    def _deadlines(self) -> list[float]:
        if self.record.complete:  # only commands are left to be ended
            return []
        times = (self._ending.deadline(), self.record.task_deadline)
        return [at for at in times if at is not None]

    def _check_end(self, worker: WorkerProcess) -> Verdict | None:
        record = self.record
        verdict = self._ending.verdict(complete=record.complete)
        if verdict is not None or record.complete:
            return verdict
        if record.task_deadline is not None and time.monotonic() >= record.task_deadline:
            return Verdict("timeout", record.overdue(), whole_run=False)
        return None
