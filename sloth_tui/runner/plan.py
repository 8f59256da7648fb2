"""Which tasks run, in which order: order of definition, after what each depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import TaskFileError
from sloth_tui.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


_MOST_SHOWN = 20
"""Names of tasks in one message."""


class Task(NamedTuple):
    """A task as its file defines it."""

    name: str
    description: str | None
    depends_on: tuple[str, ...]
    delegate_to: str | None
    timeout: float | None
    """Seconds for each attempt."""
    retries: int
    """How many more attempts a failed one gets."""
    file: str
    line: int
    """Where ``task`` was called."""


def make_plan(tasks: Sequence[Task], wanted: Sequence[str] = ()) -> list[Task]:
    """The tasks in the order they run; with ``wanted`` only those and what they depend on.

    The next task is always the first one defined of those whose dependencies all came before. Raises
    TaskFileError for duplicate names, unknown dependencies, cycles, unknown wanted names, and no tasks.
    """
    if not tasks:
        raise TaskFileError("the file defines no tasks", hint="define one with task({name = ..., run = ...})")
    by_name = _by_name(tasks)
    _check_dependencies(tasks, by_name)
    ordered = _ordered(tasks)
    if len(ordered) < len(tasks):
        raise _cycle(tasks, by_name, {task.name for task in ordered})
    needed = _needed(by_name, wanted)
    return [task for task in ordered if task.name in needed]


def _by_name(tasks: Sequence[Task]) -> dict[str, Task]:
    by_name: dict[str, Task] = {}
    for task in tasks:
        first = by_name.setdefault(task.name, task)
        if first is not task:
            raise TaskFileError(
                f"{task.file}:{task.line}: task '{task.name}' is defined twice, "
                f"first at {first.file}:{first.line}"
            )
    return by_name


def _check_dependencies(tasks: Sequence[Task], by_name: Mapping[str, Task]) -> None:
    for task in tasks:
        for name in task.depends_on:
            if name not in by_name:
                raise TaskFileError(
                    f"{task.file}:{task.line}: task '{task.name}' depends on '{name}', which is not defined",
                    hint=_did_you_mean(name, by_name),
                )


def _ordered(tasks: Sequence[Task]) -> list[Task]:
    """Kahn's algorithm with a heap of definition numbers; tasks in cycles never come out."""
    import heapq

    number = {task.name: index for index, task in enumerate(tasks)}
    waiting = [len(set(task.depends_on)) for task in tasks]
    followers: list[list[int]] = [[] for _ in tasks]
    for index, task in enumerate(tasks):
        for name in set(task.depends_on):
            followers[number[name]].append(index)
    ready = [index for index, count in enumerate(waiting) if count == 0]
    ordered = []
    while ready:
        index = heapq.heappop(ready)
        ordered.append(tasks[index])
        for follower in followers[index]:
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, follower)
    return ordered


def _cycle(tasks: Sequence[Task], by_name: Mapping[str, Task], sound: set[str]) -> TaskFileError:
    """Walk from a task that never became ready along dependencies that did not, until one repeats."""
    path: dict[str, None] = {}
    name = next(task.name for task in tasks if task.name not in sound)
    while name not in path:
        path[name] = None
        name = next(wanted for wanted in by_name[name].depends_on if wanted not in sound)
    names = list(path)
    circle = [*names[names.index(name) :], name]
    if len(circle) > _MOST_SHOWN:
        circle[_MOST_SHOWN // 2 : -_MOST_SHOWN // 2] = [f"({len(circle) - _MOST_SHOWN:,} more)"]
    task = by_name[name]
    return TaskFileError(f"{task.file}:{task.line}: tasks depend on each other: {' -> '.join(circle)}")


def _needed(by_name: Mapping[str, Task], wanted: Sequence[str]) -> set[str]:
    if not wanted:
        return set(by_name)
    needed: set[str] = set()
    ahead = list(wanted)
    while ahead:
        name = ahead.pop()
        if name not in by_name:
            raise TaskFileError(f"no task is called '{name}'", hint=_did_you_mean(name, by_name))
        if name not in needed:
            needed.add(name)
            ahead.extend(by_name[name].depends_on)
    return needed


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    names = list(known)
    close = nearest(name, names)
    if close:
        return f"did you mean '{close[0]}'?"
    more = f" and {len(names) - _MOST_SHOWN:,} more" if len(names) > _MOST_SHOWN else ""
    return "tasks: " + ", ".join(names[:_MOST_SHOWN]) + more
