"""Run the tasks of a plan: in order, or as the supervisor tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.runner import link
from sloth_tui.runner.events import TaskFinished, TaskStarted
from sloth_tui.runner.plan import resolve_groups
from sloth_tui.runner.request import LOCAL
from sloth_tui.runner.schedule import SKIPPED, Schedule, failures_of

_WAKE_SECONDS = 0.05
"""How long a wait for the next attempt may go on after the run was stopped."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.runner.plan import Task
    from sloth_tui.runner.request import Assignment
    from sloth_tui.runner.worker.emitter import Emitter
    from sloth_tui.settings import Settings

    RunTask = Callable[[Task, str], str]
    """Runs a task, reports how it ended, and returns that, too. It is told the failures of others, as JSON,
    if it runs despite any; else nothing."""


def with_hosts(plan: list[Task], settings: Callable[[], Settings]) -> list[Task]:
    """Put hosts in the place of groups. Reads the settings only if a task names anything but this machine."""
    if all(not task.hosts and (task.delegate_to is None or task.delegate_to in LOCAL) for task in plan):
        return plan
    return resolve_groups(plan, settings().groups)


def announce(plan: list[Task], emitter: Emitter) -> None:
    """Tell the supervisor the order of the tasks, and what it has to know of those for several hosts."""
    limits = [
        [
            task.name,
            task.timeout,
            task.retries,
            task.workflows[0] if task.workflows else "",
            task.workflow_timeout,
        ]
        for task in plan
    ]
    several = any(task.hosts for task in plan)
    fleet = (
        [[task.name, task.depends_on, task.hosts, task.despite_failures] for task in plan] if several else []
    )
    emitter.note("plan", limits, fleet)


def wait_before(task: Task, attempt: int) -> None:
    """Wait for as long as the task asks for before an attempt, unless it is the first one."""
    if attempt == 1 or not task.retry_delays:
        return
    end = time.monotonic() + task.retry_delays[min(attempt, len(task.retry_delays) + 1) - 2]
    while (left := end - time.monotonic()) > 0:
        if link.stopped():
            link.stand_still(link.HELD)
        time.sleep(min(left, _WAKE_SECONDS))


def run_in_order(plan: list[Task], assignment: Assignment, run_task: RunTask, emitter: Emitter) -> None:
    """Run all tasks that have not ended before, and skip those that cannot run."""
    schedule = Schedule(plan, assignment.finished, keep_going=assignment.request.keep_going)
    for task in schedule.ahead():
        obstacle = schedule.obstacle(task)
        if obstacle is not None:
            emitter.event(TaskFinished(task.name, SKIPPED, 0.0, 0, obstacle, None))
            schedule.record(task.name, SKIPPED)
        else:
            told = failures_of(task, schedule.results) if task.despite_failures == "any" else ""
            schedule.record(task.name, run_task(task, told))


def run_told(plan: list[Task], steps: Iterator[str], run_task: RunTask, emitter: Emitter) -> None:
    """Run the tasks that the supervisor names, one by one: it knows how they end for other hosts, and tells
    it after the name where it matters."""
    tasks = {task.name: task for task in plan}
    for step in steps:
        name, _, told = step.partition("\0")
        if name in tasks:
            run_task(tasks[name], told)
        else:
            emitter.event(TaskStarted(name, time.time()))
            error = "the file defines no such task when it is loaded again, for this host"
            emitter.event(TaskFinished(name, "failed", 0.0, 0, error, None))
        emitter.flush()  # the next task begins only when the end of this one is known
