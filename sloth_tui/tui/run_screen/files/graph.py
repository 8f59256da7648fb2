"""Dependencies of tasks as an indented tree of text lines, and what a choice of tasks brings along."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.tui.services.task_files import Task

_DEEPEST = 6
"""Levels that are drawn; of a task further down the line begins with ``…``."""


class Line(NamedTuple):
    """A task in the tree."""

    task: Task
    branches: str
    """Box characters before its name."""
    also: tuple[str, ...]
    """The other tasks that it waits for, which the tree does not say already."""


def draw(tasks: Sequence[Task]) -> list[Line]:
    """Return each task once: below the last one, in the order of the run, that it depends on. ``tasks`` are
    in that order, and without circles."""
    number = {task.name: place for place, task in enumerate(tasks)}
    before = _everything_before(tasks, number)
    below: dict[int | None, list[int]] = {}
    for place, task in enumerate(tasks):
        needs = [number[name] for name in task.depends_on if name in number]
        below.setdefault(max(needs, default=None), []).append(place)
    lines: list[Line] = []
    # A stack, not recursion: a chain may be as long as a file.
    ahead: list[tuple[int, tuple[bool, ...], bool]] = [
        (place, (), True) for place in reversed(below.get(None, []))
    ]
    while ahead:
        place, walls, last = ahead.pop()
        task = tasks[place]
        parent = max((number[name] for name in task.depends_on if name in number), default=None)
        lines.append(
            Line(task, _branches(walls, last, root=parent is None), _also(task, parent, number, before))
        )
        inner = below.get(place, [])
        walls = walls if parent is None else (*walls[-_DEEPEST:], not last)
        ahead += [(each, walls, each == inner[-1]) for each in reversed(inner)]
    return lines


def implied(tasks: Iterable[Task], chosen: Iterable[str]) -> set[str]:
    """Return the tasks that run because chosen ones depend on them, without those that are chosen."""
    by_name = {task.name: task for task in tasks}
    picked = {name for name in chosen if name in by_name}
    found: set[str] = set()
    ahead = list(picked)
    while ahead:
        for name in by_name[ahead.pop()].depends_on:
            if name in by_name and name not in found:
                found.add(name)
                ahead.append(name)
    return found - picked


def _everything_before(tasks: Sequence[Task], number: dict[str, int]) -> list[int]:
    """Return, for each task, the numbers of all that come before it by dependencies, as bits."""
    found: list[int] = []
    for task in tasks:
        bits = 0
        for name in task.depends_on:
            place = number.get(name, len(found))
            if place < len(found):
                bits |= 1 << place | found[place]
        found.append(bits)
    return found


def _also(task: Task, parent: int | None, number: dict[str, int], before: list[int]) -> tuple[str, ...]:
    if parent is None:
        return ()
    told = 1 << parent | before[parent]
    others = dict.fromkeys(name for name in task.depends_on if name in number)
    return tuple(name for name in others if not told >> number[name] & 1)


def _branches(walls: tuple[bool, ...], last: bool, *, root: bool) -> str:
    if root:
        return ""
    shown = walls[-_DEEPEST:]
    start = "…" if len(walls) > _DEEPEST else ""
    return start + "".join("│ " if wall else "  " for wall in shown) + ("└ " if last else "├ ")
