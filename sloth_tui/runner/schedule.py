"""Decide which tasks may still run, given the results so far."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sloth_tui.runner.plan import Task

DONE = "done"
SKIPPED = "skipped"


_MOST_RESULT_BYTES = 32 * 1024
"""Bytes of results that one task is told: they must fit into a pipe."""
_RESULT_OVERHEAD = 8


class PlannedTask(NamedTuple):
    """What a schedule across hosts has to know of a task."""

    name: str
    depends_on: tuple[str, ...]
    hosts: tuple[str, ...]
    """Empty: it runs once."""
    despite_failures: str = ""
    """As that of a Task."""


class Schedule:
    """The tasks of a plan that are left, and the reason why one of them is skipped."""

    def __init__(self, plan: Sequence[Task], results: dict[str, str], *, keep_going: bool) -> None:
        """``results``: those of the tasks that have ended already, by name."""
        self._plan = plan
        self._keep_going = keep_going
        self._first_failure: tuple[str, str] | None = None
        self.results: dict[str, str] = {}
        for name, result in results.items():
            self.record(name, result)

    def record(self, name: str, result: str) -> None:
        """Note the result of a task that has ended."""
        self.results[name] = result
        if self._first_failure is None and result not in (DONE, SKIPPED):
            self._first_failure = name, result

    def ahead(self) -> list[Task]:
        """Return the tasks that have not ended, in order."""
        return [task for task in self._plan if task.name not in self.results]

    def obstacle(self, task: Task) -> str | None:
        """Return why the task cannot run, or None if it can."""
        if task.despite_failures == "any":
            return None
        for name in task.depends_on:
            result = self.results.get(name)
            if result == SKIPPED:
                return f"depends on '{name}', which was skipped"
            if result is not None and result != DONE:
                return f"depends on '{name}', which {describe_end(result)}"
        if self._keep_going or task.despite_failures or self._first_failure is None:
            return None
        name, result = self._first_failure
        return f"'{name}' {describe_end(result)}"


def failures_of(task: PlannedTask | Task, results: Mapping[str, str]) -> str:
    """Return JSON for a task that runs whatever the others did: which of those that it depends on were not
    done, by name, and whether there are too many of them to tell."""
    import json

    told: dict[str, str] = {}
    size, more = 0, False
    for name in task.depends_on:
        result = results.get(name, DONE)
        if result != DONE:
            size += len(name.encode()) + len(result) + _RESULT_OVERHEAD
            more = more or size > _MOST_RESULT_BYTES
            if not more:
                told[name] = result
    return json.dumps({"failures": told, "more": more}, ensure_ascii=False)


def describe_task(task: str, host: str | None) -> str:
    """Return what a task is called, for one host if it has several: ``web on web1``. The names are as they
    are."""
    return task if host is None else f"{task} on {host}"


def describe_end(result: str) -> str:
    """Return what a task did that was not done: ``took too long``."""
    return {"failed": "failed", "timeout": "took too long", "cancelled": "was stopped"}[result]
