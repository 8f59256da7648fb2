"""Bound the commands of a run by RLIMIT_NPROC, the number of tasks of a user, where no cgroup can be made.

The kernel counts all processes and threads of the user, and compares the number with the limit of the process
that starts another one. So the limit is the number of all others, counted before a command starts, plus what
a run may have. It binds the commands alone; other processes of the user keep their own limit.
"""

from __future__ import annotations

import _thread
import os
import resource
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.runner.processes import count_tasks, find_descendants_among, processes
from sloth_tui.runner.worker.guarding.excess import MOST_PROCESSES

if TYPE_CHECKING:
    from sloth_tui.runner.processes import Process

_MARGIN_TASKS = 100
"""Tasks that other programs may start after they were counted."""
_CLOSE_TASKS = 20
"""A distance from the limit that counts as reached, because some processes are just ending."""
_DRIFT_TASKS = 50
"""The change of the number of tasks of the system after which the others are counted again."""


class Quota:
    """The limit, in the process that starts commands; they inherit it."""

    def __init__(self, guard: int) -> None:
        """``guard``: the process whose descendants belong to the run."""
        self._guard = guard
        self._before = resource.getrlimit(resource.RLIMIT_NPROC)
        self._total: int | None = None
        """The number of tasks of the system when the others were counted."""
        self._disabled = sys.platform != "linux" or not _binds()

    def renew(self) -> None:
        """Set the limit for the next command."""
        total = count_tasks()
        if self._disabled or (self._total is not None and abs(total - self._total) <= _DRIFT_TASKS):
            return
        self._total = total
        others = count_others(found := processes(), find_descendants_among(found, self._guard))
        # A container may hide processes that the kernel counts; then no process could be started at all.
        self._disabled = not self._limit(others + _MARGIN_TASKS) or not _can_start()
        self._limit(None if self._disabled else others + MOST_PROCESSES + _MARGIN_TASKS)

    def is_met(self) -> bool:
        """True if the limit keeps this process from starting another one."""
        return not self._disabled and not _can_start()

    def _limit(self, tasks: int | None) -> bool:
        soft, hard = self._before
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NPROC, (soft if tasks is None else _lower(tasks, soft), hard))
            return True
        return False


def is_met(process: int) -> bool:
    """True if a limit of this module keeps ``process`` from starting another one.

    The kernel has to answer, because ended processes that are not reaped yet count as well.
    """
    if sys.platform != "linux":
        return False
    mine = resource.getrlimit(resource.RLIMIT_NPROC)
    try:
        soft = resource.prlimit(process, resource.RLIMIT_NPROC)[0]
        if soft == mine[0]:
            return False
        resource.setrlimit(resource.RLIMIT_NPROC, (max(0, soft - _CLOSE_TASKS), mine[1]))
    except (OSError, ValueError):
        return False
    try:
        return not _can_start()
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, mine)


def make_room(everything: list[Process], ours: list[Process]) -> None:
    """Adapt the limit of ``ours``: their threads do not count as processes, and other programs come and go.

    For the guard, which keeps its original limit.
    """
    if sys.platform != "linux":
        return
    threads = sum(process.threads - 1 for process in ours)
    most = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    tasks = _lower(count_others(everything, ours) + MOST_PROCESSES + threads + _MARGIN_TASKS, most)
    for process in ours:
        with suppress(OSError, ValueError):
            soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NPROC)
            if soft != most and soft != tasks:
                resource.prlimit(process.pid, resource.RLIMIT_NPROC, (_lower(tasks, hard), hard))


def count_others(everything: list[Process], ours: list[Process]) -> int:
    """Return the number of this user's tasks that are not among ``ours``."""
    known, user, count = {process.pid for process in ours}, os.getuid(), 0
    for process in everything:
        with suppress(OSError):
            if process.pid not in known and os.stat(f"/proc/{process.pid}").st_uid == user:
                count += process.threads
    return count


def _lower(limit: int, other: int) -> int:
    return limit if other == resource.RLIM_INFINITY else min(limit, other)


def _binds() -> bool:
    """True if the kernel applies the limit to this process: it does not to the superuser."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NPROC)
    resource.setrlimit(resource.RLIMIT_NPROC, (min(1, hard) if hard >= 0 else 1, hard))
    try:
        return not _can_start()
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, (soft, hard))


def _can_start() -> bool:
    try:
        _thread.start_new_thread(_nothing, ())
    except RuntimeError:
        return False
    return True


def _nothing() -> None:
    return
