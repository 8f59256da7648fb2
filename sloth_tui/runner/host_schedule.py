"""Decide what runs next, and for which host, in a run with tasks for several hosts."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.runner.schedule import DONE, SKIPPED, PlannedTask, describe_end, describe_task, failures_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Step(NamedTuple):
    """A task that begins, or is skipped, for one host."""

    task: str
    host: str | None
    """None: the task has no hosts of its own."""
    obstacle: str | None
    """Why it is skipped; None: it begins."""
    told: str = ""
    """What it is told of the failures of others."""


class HostSchedule:
    """The tasks in order, each ended for all of its hosts before the next one begins.

    A host whose task was not done is left out of all later tasks that name it. A task depends on what the
    same host did, if both name it, and else on what all hosts did.
    """

    def __init__(self, plan: Sequence[PlannedTask], *, keep_going: bool, forks: int) -> None:
        """``forks``: the number of hosts that a task acts on at the same time."""
        self._plan = deque(plan)
        self._tasks = {task.name: task for task in plan}
        self._keep_going = keep_going
        self._forks = forks
        self._results: dict[str, dict[str | None, str]] = {}
        self._lost: dict[str, str] = {}
        """Why a host is left out of the tasks that follow, by host."""
        self._failure: str | None = None
        """Why the tasks that follow are skipped, unless they are to be kept going."""
        self._current: PlannedTask | None = None
        self._waiting: deque[str | None] = deque()
        self._running: set[str | None] = set()

    @property
    def over(self) -> bool:
        """True if every task has ended for all of its hosts."""
        return not self._plan and not self._waiting and not self._running

    def steps(self) -> Iterator[Step]:
        """Yield what begins now, and what is skipped now."""
        while not self._running or self._waiting:
            if not self._waiting:
                if not self._plan:
                    return
                self._current = self._plan.popleft()
                self._waiting.extend(self._current.hosts or (None,))
            if len(self._running) >= self._forks:
                return
            assert self._current is not None
            host = self._waiting.popleft()
            obstacle = self._obstacle(self._current, host)
            if obstacle is None:
                self._running.add(host)
            else:
                self._note(self._current.name, host, SKIPPED)
            told = (
                failures_of(self._current, self._worst()) if self._current.despite_failures == "any" else ""
            )
            yield Step(self._current.name, host, obstacle, told)

    def record(self, task: str, host: str | None, result: str) -> None:
        """Note the result of a task that has ended for a host."""
        self._running.discard(host)
        self._note(task, host, result)
        if result == DONE:
            return
        where = f"'{task}'" if host is None else f"'{task}' on {host}"
        self._failure = self._failure or f"{where} {describe_end(result)}"
        if host is not None:
            self._lost[host] = f"'{task}' {describe_end(result)} on this host"

    def skip_rest(self) -> Iterator[tuple[str, str | None]]:
        """Record that everything that has not begun is skipped; yield task and host."""
        for task in self._tasks.values():
            for host in task.hosts or (None,):
                if host not in self._results.get(task.name, {}):
                    self._note(task.name, host, SKIPPED)
                    yield task.name, host
        self._plan.clear()
        self._waiting.clear()
        self._running.clear()

    def results(self) -> dict[str, str]:
        """Return the results so far, of each task for each host, by what they are called to a person."""
        return {
            describe_task(task, host): result
            for task, found in self._results.items()
            for host, result in found.items()
        }

    def _worst(self) -> dict[str, str]:
        """Return a result of each task that is not done, for whatever host, or else done."""
        return {
            task: next((result for result in found.values() if result != DONE), DONE)
            for task, found in self._results.items()
        }

    def _note(self, task: str, host: str | None, result: str) -> None:
        self._results.setdefault(task, {})[host] = result

    def _obstacle(self, task: PlannedTask, host: str | None) -> str | None:
        if task.despite_failures == "any":
            return None
        for name in task.depends_on:
            if obstacle := self._unmet(name, host):
                return obstacle
        if host in self._lost:
            return self._lost[host]
        return None if self._keep_going or task.despite_failures else self._failure

    def _unmet(self, name: str, host: str | None) -> str | None:
        """Return why a dependency is not fulfilled for a host; None if it is."""
        results = self._results.get(name, {})
        if host is not None and host in results:
            results = {host: results[host]}
        for other, result in results.items():
            if result != DONE:
                where = "" if other is None else " on this host" if other == host else f" on {other}"
                ended = "was skipped" if result == SKIPPED else describe_end(result)
                return f"depends on '{name}', which {ended}{where}"
        return None
