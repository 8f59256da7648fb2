"""Decide which tasks may still run, given the results so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.runner.plan import Task

DONE = "done"
SKIPPED = "skipped"


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
        for name in task.depends_on:
            result = self.results.get(name)
            if result == SKIPPED:
                return f"depends on '{name}', which was skipped"
            if result is not None and result != DONE:
                return f"depends on '{name}', which {_ended(result)}"
        if self._keep_going or self._first_failure is None:
            return None
        name, result = self._first_failure
        return f"'{name}' {_ended(result)}"


def _ended(result: str) -> str:
    return {"failed": "failed", "timeout": "took too long", "cancelled": "was stopped"}[result]
