"""The part of a run that one worker does: load the file, order its tasks, run those that are left."""

from __future__ import annotations

import os
import time
from functools import cache, cached_property
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError, TaskFileError
from sloth_tui.origin import this_process
from sloth_tui.runner import link
from sloth_tui.runner.events import TaskFinished, TaskStarted, Warned
from sloth_tui.runner.limits import limit_process
from sloth_tui.runner.lua.context import Context
from sloth_tui.runner.lua.environment import Environment
from sloth_tui.runner.lua.modules.locks import RunLocks
from sloth_tui.runner.lua.modules.state import StateModule
from sloth_tui.runner.lua.modules.tracking import Tracking
from sloth_tui.runner.lua.registry import Registry
from sloth_tui.runner.lua.sandbox import Outcome, Sandbox, has_position
from sloth_tui.runner.lua.source import TaskSource
from sloth_tui.runner.plan import make_plan
from sloth_tui.runner.schedule import DONE
from sloth_tui.runner.worker.hosts import WorkerHosts
from sloth_tui.runner.worker.key_changes import KeyChangeReporter
from sloth_tui.runner.worker.local_files import LocalFiles
from sloth_tui.runner.worker.order import announce, run_in_order, run_told, wait_before, with_hosts
from sloth_tui.runner.worker.output import Output
from sloth_tui.runner.worker.predictions import PREDICTIONS_LOST, Predictions
from sloth_tui.runner.worker.resource_changes import ResourceReporter
from sloth_tui.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.origin import Origin
    from sloth_tui.runner.plan import Task
    from sloth_tui.runner.request import Assignment
    from sloth_tui.runner.worker.access import Mode, OpenStore
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.runner.worker.fingerprints import Fingerprints
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Store

_DONE = Outcome(None, None, None)


def work(
    assignment: Assignment, emitter: Emitter, open_store: OpenStore, steps: Callable[[], Iterator[str]]
) -> None:
    """Carry out the assignment, and report to the emitter. ``steps`` yields the names of tasks to run, if the
    plan is worked off task by task."""
    session = Session(assignment, emitter, open_store)
    try:
        finished = session.work(steps)
    finally:
        session.hosts.close()
    if finished:
        emitter.note("done")


class Session:
    """Runs tasks and reports to the emitter."""

    def __init__(self, assignment: Assignment, emitter: Emitter, open_store: OpenStore) -> None:
        self._assignment = assignment
        self._request = assignment.request
        self._emitter = emitter
        self._open_store = open_store
        self._settings: Callable[[], Settings] = cache(load_settings)
        self._task: str | None = None
        self.hosts = WorkerHosts(assignment.run, assignment.request.grace, self._settings)
        self._registry = Registry()
        check = self._request.check
        self._changes = KeyChangeReporter(emitter, assignment.run, os.getpid(), predicted=check)
        self._resources = ResourceReporter(emitter, self._changes.report_pending, check=check)
        self._predictions = Predictions(emitter)
        self._resources.assumption = self._predictions.take_assumption
        self._output = Output(
            emitter,
            self._request.output_limit,
            self._changes.report_pending,
            redraws=self._request.redraws,
        )

    def work(self, steps: Callable[[], Iterator[str]]) -> bool:
        """Do all of the work, and return True if tasks were to be run. A fault of the file becomes a note, no
        exception. The hosts stay open: they are closed by who has made the session."""
        try:
            plan = self._load()
        except SlothError as error:
            trace = error.trace if isinstance(error, TaskFileError) else None
            self._emitter.note("unusable", error.message, error.hint, error.exit_code, trace)
            return False
        if self._assignment.mode == "list":
            self._emitter.note("listed", [task._asdict() for task in plan])
            return False
        if not self._assignment.started:
            announce(plan, self._emitter)
        if self._request.check and self._assignment.finished:
            self._predictions.warn(PREDICTIONS_LOST)
        if self._assignment.stepwise or any(task.hosts for task in plan):
            run_told(plan, steps(), self._run_task, self._emitter)
        else:
            run_in_order(plan, self._assignment, self._run_task, self._emitter)
        self._close()
        return True

    def _load(self) -> list[Task]:
        source = TaskSource(self._request.file)
        text = source.read()
        limit_process(self._request.memory_limit)
        self._sandbox = sandbox = Sandbox({"read_module": source.module}, self._request.memory_limit)
        locks = RunLocks(self._emitter.note, self._predictions.meet_lock if self._request.check else None)
        self._context = Context(
            source.directory,
            may_act=self._assignment.mode != "list",
            check=self._request.check,
            diff=self._request.diff,
            predict=self._predictions.predicting,
            others=self.hosts,
        )
        self._predictions.explain(self._context)
        files = LocalFiles(self._context, self._predictions if self._request.check else None)
        self._tracking = Tracking(self._context, files)
        self._state = StateModule(self._open, self._changes, sandbox.has_room, locks, self._tracking)
        self._context.before_acting = self._state.check_locks
        self._environment = Environment(
            sandbox,
            self._context,
            self._output,
            self._resources,
            self._registry,
            self._state,
            self._assignment.run,
            self._request.values,
            self._request.grace,
        )
        outcome = self._sandbox.load(text, source.name)
        if outcome.error is None:
            outcome = self._environment.finish_defining()
        if link.stopped():
            link.stand_still(link.HELD)
        wrong = self._end_task(succeeded=outcome.error is None)
        error = outcome.error or wrong
        self._output.finish()
        if error is not None:
            message = error if has_position(error) else f"{source.name}: {error}"
            raise TaskFileError(message, trace=outcome.trace)
        self._environment.stop_defining()
        if not self._assignment.started and self._assignment.mode == "run":
            for warning in self._registry.warnings:
                self._emitter.event(Warned(None, warning))
        source.stop_loading()
        self._source, self._files = source, files
        plan = make_plan(self._registry.tasks, self._request.tasks, self._request.workflow)
        return with_hosts(plan, self._settings)

    def _open(self) -> Store:
        mode: Mode = "copy" if self._request.check else "write"
        if self._assignment.mode == "list":
            mode = "read"
        store = self._open_store(self._request.agent, mode, self._origin(), self._settings)
        since = store.revision()
        # The workers of other hosts may write the same keys at the same time.
        writers = 1 if self._assignment.host is None else self._request.forks
        self._changes.watch(store, since, self._settings().keep_revisions // writers)
        self._emitter.note("store", since)
        return store

    def _origin(self) -> Origin:
        title = self._request.title or self._registry.title or f"run {self._request.file}"
        return this_process("lua", title, self._assignment.run, self._task)

    def _close(self) -> None:
        if self._state.opened is not None:
            for warning in self._state.locks.remaining(self._state.opened):
                self._emitter.event(Warned(None, warning))
            self._state.opened.close()

    def _run_task(self, task: Task, told: str) -> str:
        started = time.monotonic()
        tried = self._assignment.attempts.get(task.name, 0)
        if not tried:
            self._emitter.event(TaskStarted(task.name, time.time()))
        self._begin_task(task)
        if told:
            self._environment.tell_failures(told)
        fingerprints = self._fingerprints if task.sources or task.creates else None
        if fingerprints is not None:
            # Before the first attempt, but within its time.
            self._emitter.note("attempt", task.name, tried + 1)
            try:
                if fingerprints.is_up_to_date(task, self._state.store) and not self._request.force:
                    return self._finish_task(task.name, _DONE, time.monotonic() - started, up_to_date=True)
            except SlothError as error:
                return self._finish_task(task.name, _failed(task, error), time.monotonic() - started)
        function = self._environment.function(self._registry.number(task.name))
        for attempt in range(tried + 1, task.retries + 2):
            wait_before(task, attempt)
            self._emitter.note("attempt", task.name, attempt)
            outcome = self._sandbox.run(function)
            if link.stopped():
                link.stand_still(link.HELD)
            if outcome.error is None and fingerprints is not None:
                try:
                    fingerprints.store_later(task)
                except SlothError as error:
                    outcome = _failed(task, error)
            wrong = self._end_task(succeeded=outcome.error is None)
            if outcome.error is None and wrong:
                outcome = outcome._replace(error=wrong)
            if outcome.error is None or attempt > task.retries:
                break
            message = f"attempt {attempt} of {task.retries + 1} failed: {outcome.error}"
            self._emitter.event(Warned(task.name, message))
        return self._finish_task(task.name, outcome, time.monotonic() - started)

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        """Import and make them when a task first needs them."""
        from sloth_tui.runner.worker.fingerprints import Fingerprints

        values = self._request.values
        return Fingerprints(
            self._source, values, self._files, self._tracking, self._emitter, self._assignment.host
        )

    def _begin_task(self, task: Task) -> None:
        self._task = task.name
        host = self._assignment.host
        self._context.delegate_to = task.delegate_to if host is None else host
        self._environment.set_host(host or self._context.host_name())
        self._resources.begin(task.name)
        self._predictions.begin(task.name)
        self._output.begin(task.name)
        self._changes.count = 0
        if self._state.opened is not None:
            self._state.opened.set_origin(self._origin())

    def _end_task(self, *, succeeded: bool) -> str | None:
        """Close what an attempt left open, store what it left for the end, and report what it wrote.

        Returns an error if something of that was not stored, else None.
        """
        try:
            abandoned = self._state.end_task(succeeded=succeeded)
        except SlothError as error:
            return f"at the end of the task: {error.message}"
        finally:
            self._changes.report_pending()
        return "a state.transaction was left open, and is rolled back" if abandoned else None

    def _finish_task(self, name: str, outcome: Outcome, duration: float, *, up_to_date: bool = False) -> str:
        self._output.finish()
        if outcome.warning:
            self._emitter.event(Warned(name, outcome.warning))
        result = DONE if outcome.error is None else "failed"
        self._emitter.event(
            TaskFinished(
                name,
                result,
                duration,
                self._changes.count,
                outcome.error,
                outcome.trace,
                resources=self._resources.changed,
                ok=self._resources.ok,
                up_to_date=up_to_date,
            )
        )
        return result


def _failed(task: Task, error: SlothError) -> Outcome:
    return Outcome(f"{task.file}:{task.line}: {error.message}", None, None)
