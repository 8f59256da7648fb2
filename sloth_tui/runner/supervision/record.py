"""The state of a run as its supervisor knows it from the messages of the workers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.errors import TaskFileError
from sloth_tui.runner.events import KeyChanged, TaskFinished, TaskStarted, Warned
from sloth_tui.runner.protocol import Note
from sloth_tui.runner.request import Assignment, RecoveryInfo
from sloth_tui.runner.schedule import PlannedTask
from sloth_tui.runner.supervision.tally import Tally
from sloth_tui.text import format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.protocol import Message
    from sloth_tui.runner.request import RunRequest


class Limits:
    """What limits the attempts of a task."""

    __slots__ = ("retries", "timeout", "workflow", "workflow_timeout")

    def __init__(
        self,
        timeout: float | None,
        retries: int,
        workflow: str = "",
        workflow_timeout: float | None = None,
    ) -> None:
        """``timeout``: seconds for each. ``workflow_timeout``: seconds for all tasks of the workflow
        together."""
        self.timeout = timeout
        self.retries = retries
        self.workflow = workflow
        self.workflow_timeout = workflow_timeout


_NO_LIMITS = Limits(None, 0)


class RunRecord:
    """The results so far, in the order they came, and the position of the run in its plan.

    A run with tasks for several hosts has one record for each host, and one for the other tasks.
    """

    def __init__(self, request: RunRequest, run: str) -> None:
        self.request = request
        self.run = run
        self.host: str | None = None
        """The host whose tasks alone it is about."""
        self.lane = 0
        """The number of the record in its run."""
        self.stepwise = False
        """True if the workers are told which task is next."""
        self.step: str | None = None
        """The task that a worker was told to run, until it has ended."""
        self.refused: str | None = None
        """Why a worker could not load the file again."""
        self.fleet: list[PlannedTask] = []
        """The tasks in the order they run, if one of them has several hosts."""
        self.started = time.monotonic()
        self.results: dict[str, str] = {}
        self.complete = False
        """True if a worker has reported that there is nothing more to do."""
        self.task: str | None = None
        """The running task."""
        self.task_deadline: float | None = None
        self.worker_pid = 0
        self.wait_status: int | None = None
        """How the process that ran Lua ended, once it is known."""
        self.process_limit_hit = ""
        """The bound that the commands broke, as text; empty if they broke none."""
        self.orphans = 0
        """The number of processes that commands had left running, and that were ended with the worker."""
        self.asked = 0
        """The number of processes that were asked to end; 0 before that."""
        self.asked_until = 0.0
        """The time, by ``time.monotonic``, at which the rest of them are killed."""
        self.traceback: str | None = None
        """The traceback of an error in the worker's own code."""
        self._plan: dict[str, Limits] | None = None
        self._begun: dict[str, float] = {}
        """When the first task of a workflow began, by ``time.monotonic``; shared by the records of a run."""
        self._attempts: dict[str, int] = {}
        self._since: int | None = None
        self._ephemeral_locks: dict[str, str] = {}
        self.tally = Tally()
        self.unusable: TaskFileError | None = None
        """Why the file cannot be run at all."""

    def for_host(self, host: str, lane: int) -> RunRecord:
        """Return a new record about a host of the same run."""
        record = RunRecord(self.request, self.run)
        record.host, record.lane, record.stepwise = host, lane, True
        record.started, record._plan, record._begun = self.started, self._plan, self._begun
        return record

    # Messages of workers

    def begin_worker(self) -> None:
        """Forget how another worker ended. Not by a message: that of the new one's guard may come after what
        the worker itself has to say."""
        self.wait_status = self.traceback = self.refused = None
        self.process_limit_hit, self.asked = "", 0

    def take(self, message: Message) -> RunEvent | None:
        """Take note of a message; return the event to pass on, if any."""
        if isinstance(message, Note):
            self._take_note(message)
            return None
        self._take_event(message)
        return message

    def _take_event(self, event: RunEvent) -> None:
        self.tally.take(event)
        if isinstance(event, TaskStarted):
            self.task = event.task
            self._attempts.setdefault(event.task, 1)  # the worker may be gone before it reports the attempt
        elif isinstance(event, TaskFinished):
            self.results[event.task] = event.result
            self.task = self.step = self.task_deadline = None
        elif isinstance(event, KeyChanged):
            self._since = event.revision

    def _take_note(self, note: Note) -> None:
        match note.name, note.details:
            case "started", [int(pid)]:
                self.worker_pid = pid
            case "acquired", [str(name), str(holder)]:
                self._ephemeral_locks[name] = holder
            case "released", [str(name)]:
                self._ephemeral_locks.pop(name, None)
            case "plan", [list(plan), list(fleet)]:
                self._plan = {name: Limits(*limits) for name, *limits in plan}
                self.fleet = [
                    PlannedTask(name, tuple(needs), tuple(hosts), despite)
                    for name, needs, hosts, despite in fleet
                ]
                self.stepwise = bool(fleet)
            case "store", [int(revision)]:
                self._since = revision if self._since is None else self._since
            case "attempt", [str(task), int(number)]:
                # Also sent for a task that another worker began, which has no second TaskStarted.
                self.task, self._attempts[task] = task, number
                self._set_deadline(self._limits(task))
            case "done", []:
                self.complete = True
            case "unusable", [str(message), *_] if self.stepwise:
                self.refused = message
            case "unusable", [str(message), hint, int(code), trace]:
                self.complete = True
                self.unusable = TaskFileError(
                    message,
                    hint=hint if isinstance(hint, str) else None,
                    trace=trace if isinstance(trace, str) else None,
                )
                self.unusable.exit_code = code
            case "crashed", [str(traceback)]:
                self.traceback = traceback
            case _:
                self._take_ending(note)

    def _take_ending(self, note: Note) -> None:
        match note.name, note.details:
            case "asked", [int(count), float(seconds)]:
                self.asked, self.asked_until = count, time.monotonic() + seconds
            case "crowded", [str(most)]:
                self.process_limit_hit = most
            case "ended", [int(status), int(left)]:
                self.wait_status, self.orphans = status, left

    def report_lost_worker(self, result: str, error: str, *, goes_on: bool) -> Iterator[RunEvent]:
        """Yield the events about the task of a worker that died.

        If the run ``goes_on`` and the task has attempts left, it has not ended: the next worker makes them.
        """
        self._ephemeral_locks.clear()
        if self.task is None and self.planned and goes_on:
            # It died between two tasks. The next one counts as failed, so that every run comes to an end.
            for name in self.ahead()[:1]:
                begun = TaskStarted(name, time.time())
                self._take_event(begun)
                yield begun
        task, self.task, self.task_deadline = self.task, None, None
        if task is None:
            return
        attempt, most = self._attempts[task], self._limits(task).retries + 1
        if goes_on and attempt < most:
            yield Warned(task, f"attempt {attempt} of {most} failed: {error}")
            return
        self.results[task], self.step = result, None
        yield self.tally.lost(task, result, error)

    # Answers

    @property
    def planned(self) -> bool:
        """True if a worker has loaded the file and ordered its tasks."""
        return self._plan is not None

    def overdue(self) -> str:
        """Return what the running task did that is past its deadline: ``took longer than 5 s``."""
        limits = self._limits(self.task or "")
        if limits.workflow_timeout is not None and self.task_deadline == self._workflow_deadline(limits):
            return f"workflow '{limits.workflow}' took longer than {format_duration(limits.workflow_timeout)}"
        assert limits.timeout is not None
        return f"took longer than {format_duration(limits.timeout)}"

    def assignment(self, mode: str = "run") -> Assignment:
        """Return the assignment for the next worker."""
        recovery = RecoveryInfo(
            self._since or 0, self.worker_pid, self.task, tuple(self._ephemeral_locks.items())
        )
        place = self.host, self.lane, self.stepwise
        return Assignment(
            self.request, self.run, mode, self.results, self._attempts, recovery, self.planned, *place
        )

    def touched_store(self) -> bool:
        """True if a worker has opened the store."""
        return self._since is not None

    def planned_tasks(self) -> list[str]:
        """Return the names of all tasks, in order."""
        return list(self._plan or ())

    def ahead(self) -> list[str]:
        """Return the names of the tasks that have not ended, in order, as far as they are known."""
        if self.stepwise:
            return [] if self.step is None else [self.step]
        return [name for name in self._plan or () if name not in self.results]

    def _limits(self, task: str) -> Limits:
        return (self._plan or {}).get(task, _NO_LIMITS)

    def _set_deadline(self, limits: Limits) -> None:
        """The earlier one counts: that of the task, or that of its workflow."""
        own = None if limits.timeout is None else time.monotonic() + limits.timeout
        both = [at for at in (own, self._workflow_deadline(limits)) if at is not None]
        self.task_deadline = min(both, default=None)

    def _workflow_deadline(self, limits: Limits) -> float | None:
        if limits.workflow_timeout is None:
            return None
        return self._begun.setdefault(limits.workflow, time.monotonic()) + limits.workflow_timeout
