"""What may still run, given what has ended how."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.runner.plan import Task

DONE = "done"
SKIPPED = "skipped"


class Schedule:
    """Goes through a plan and says why a task is skipped."""

    def __init__(self, plan: Sequence[Task], results: dict[str, str], *, keep_going: bool) -> None:
        """``results``: of the tasks that have ended already."""
        self._plan = plan
        self._keep_going = keep_going
        self._first_failure: tuple[str, str] | None = None
        self.results: dict[str, str] = {}
        for name, result in results.items():
            self.record(name, result)

    def record(self, name: str, result: str) -> None:
        """The task has ended."""
        self.results[name] = result
        if self._first_failure is None and result not in (DONE, SKIPPED):
            self._first_failure = name, result

    def ahead(self) -> list[Task]:
        """Tasks that have not ended, in order."""
        return [task for task in self._plan if task.name not in self.results]

    def obstacle(self, task: Task) -> str | None:
        """Why the task cannot run, or None if it can."""
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
