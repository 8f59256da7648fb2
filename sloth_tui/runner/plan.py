"""Decide which tasks run, and in which order: as defined, but each after those that it depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import TaskFileError
from sloth_tui.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


_MAX_SHOWN = 20
"""The most task names in one message."""


class Task(NamedTuple):
    """A task as its file defines it."""

    name: str
    description: str | None
    depends_on: tuple[str, ...]
    delegate_to: str | None
    timeout: float | None
    """Seconds for each attempt."""
    retries: int
    """The number of further attempts after a failed one."""
    file: str
    line: int
    """Where ``task`` was called."""
    sources: tuple[str, ...] = ()
    """Patterns of the files that it reads."""
    creates: tuple[str, ...] = ()
    """Paths of the files that it makes."""
    hosts: tuple[str, ...] = ()
    """The hosts that it runs for, once each; empty if it runs once, where ``delegate_to`` says."""
    retry_delays: tuple[float, ...] = ()
    """Seconds before each further attempt; empty if they follow at once."""
    workflows: tuple[str, ...] = ()
    """The workflows that list it."""
    workflow_timeout: float | None = None
    """Seconds for all tasks of the first of its workflows together."""
    despite_failures: str = ""
    """After a failure it is skipped, unless this is ``others`` and it does not depend on what failed, or
    ``any``."""


def make_plan(tasks: Sequence[Task], wanted: Sequence[str] = (), workflow: str | None = None) -> list[Task]:
    """Return the tasks in the order they run; with ``wanted`` or ``workflow``, only these and their
    dependencies.

    Of the tasks whose dependencies all came before, the one that is defined first is next. Raises
    TaskFileError if there are no tasks, duplicate names, unknown dependencies, cycles, or unknown names in
    ``wanted`` or ``workflow``.
    """
    if not tasks:
        raise TaskFileError("the file defines no tasks", hint="define one with task({name = ..., run = ...})")
    by_name = _by_name(tasks)
    _check_dependencies(tasks, by_name)
    ordered = _ordered(tasks)
    if len(ordered) < len(tasks):
        raise _cycle(tasks, by_name, {task.name for task in ordered})
    if workflow is not None:
        wanted = [*wanted, *_members(tasks, workflow)]
    needed = _needed(by_name, wanted)
    return [task for task in ordered if task.name in needed]


def resolve_groups(plan: Iterable[Task], groups: Mapping[str, Sequence[str]]) -> list[Task]:
    """Put the members of groups in their place, in the tasks that name one. Each host remains once."""
    return [_resolved(task, groups) for task in plan]


def _resolved(task: Task, groups: Mapping[str, Sequence[str]]) -> Task:
    members = None if task.delegate_to is None else groups.get(task.delegate_to)
    if members is not None:
        return task._replace(delegate_to=None, hosts=tuple(members))
    if not any(name in groups for name in task.hosts):
        return task
    hosts = (host for name in task.hosts for host in groups.get(name, (name,)))
    return task._replace(hosts=tuple(dict.fromkeys(hosts)))


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
    """Sort by Kahn's algorithm with a heap of definition numbers. Tasks in cycles are left out."""
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
    """Follow dependencies that never became ready until one repeats, and describe that cycle."""
    path: dict[str, None] = {}
    name = next(task.name for task in tasks if task.name not in sound)
    while name not in path:
        path[name] = None
        name = next(wanted for wanted in by_name[name].depends_on if wanted not in sound)
    names = list(path)
    circle = [*names[names.index(name) :], name]
    if len(circle) > _MAX_SHOWN:
        circle[_MAX_SHOWN // 2 : -_MAX_SHOWN // 2] = [f"({len(circle) - _MAX_SHOWN:,} more)"]
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


def _members(tasks: Sequence[Task], workflow: str) -> list[str]:
    members = [task.name for task in tasks if workflow in task.workflows]
    if not members:
        known = list(dict.fromkeys(name for task in tasks for name in task.workflows))
        hint = _did_you_mean(workflow, known, "workflows") if known else "the file defines no workflows"
        raise TaskFileError(f"no workflow is called '{workflow}'", hint=hint)
    return members


def _did_you_mean(name: str, known: Iterable[str], noun: str = "tasks") -> str:
    names = list(known)
    close = nearest(name, names)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"{noun}: {listed(names, _MAX_SHOWN)}"
