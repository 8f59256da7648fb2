"""Where no cgroup can be made: a limit of the tasks that a user may have, around the commands of a run.

The kernel counts all of the user's processes and threads (RLIMIT_NPROC), and compares with the limit of
the one that is about to start another. So the limit is what others have plus what a run may have, counted
before a command starts. It binds the commands alone; other processes of the user keep their own limit.
"""

from __future__ import annotations

import _thread
import os
import resource
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.runner.processes import below, count_tasks, processes
from sloth_tui.runner.worker.excess import MOST_PROCESSES

if TYPE_CHECKING:
    from sloth_tui.runner.processes import Process

_MARGIN = 100
"""Tasks that others may start after they were counted."""
_CLOSE = 20
"""So near to the limit counts as at it: some are just ending."""
_DRIFT = 50
"""The others are counted again when the whole system has so many more, or fewer."""


class Quota:
    """In the process that starts commands; they inherit its limit."""

    def __init__(self, guard: int) -> None:
        """``guard``: the process below which the run's own are."""
        self._guard = guard
        self._before = resource.getrlimit(resource.RLIMIT_NPROC)
        self._total: int | None = None
        """Tasks of the whole system when the others were counted."""
        self._void = sys.platform != "linux" or not _binds()

    def renew(self) -> None:
        """Set the limit for the next command."""
        total = count_tasks()
        if self._void or (self._total is not None and abs(total - self._total) <= _DRIFT):
            return
        self._total = total
        others = count_others(found := processes(), below(found, self._guard))
        # A container may hide processes that the kernel counts, and then nothing could be started at all.
        self._void = not self._limit(others + _MARGIN) or not _can_start()
        self._limit(None if self._void else others + MOST_PROCESSES + _MARGIN)

    def is_met(self) -> bool:
        """Whether the kernel refuses this process more by the limit."""
        return not self._void and not _can_start()

    def _limit(self, tasks: int | None) -> bool:
        soft, hard = self._before
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NPROC, (soft if tasks is None else _lower(tasks, soft), hard))
            return True
        return False


def is_met(process: int) -> bool:
    """Whether the kernel refuses ``process`` more, by a limit of this module's. Asked of the kernel, because
    exit statuses that nobody has collected count as well."""
    if sys.platform != "linux":
        return False
    mine = resource.getrlimit(resource.RLIMIT_NPROC)
    try:
        soft = resource.prlimit(process, resource.RLIMIT_NPROC)[0]
        if soft == mine[0]:
            return False
        resource.setrlimit(resource.RLIMIT_NPROC, (max(0, soft - _CLOSE), mine[1]))
    except (OSError, ValueError):
        return False
    try:
        return not _can_start()
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, mine)


def make_room(everything: list[Process], ours: list[Process]) -> None:
    """Move the limit of ``ours`` along: their threads do not count as processes, and others come and go.

    For the guard, which keeps the limit that there was before.
    """
    if sys.platform != "linux":
        return
    threads = sum(process.threads - 1 for process in ours)
    most = resource.getrlimit(resource.RLIMIT_NPROC)[0]
    tasks = _lower(count_others(everything, ours) + MOST_PROCESSES + threads + _MARGIN, most)
    for process in ours:
        with suppress(OSError, ValueError):
            soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NPROC)
            if soft != most and soft != tasks:
                resource.prlimit(process.pid, resource.RLIMIT_NPROC, (_lower(tasks, hard), hard))


def count_others(everything: list[Process], ours: list[Process]) -> int:
    """Tasks of this user that are not among ``ours``."""
    known, user, count = {process.pid for process in ours}, os.getuid(), 0
    for process in everything:
        with suppress(OSError):
            if process.pid not in known and os.stat(f"/proc/{process.pid}").st_uid == user:
                count += process.threads
    return count


def _lower(limit: int, other: int) -> int:
    return limit if other == resource.RLIM_INFINITY else min(limit, other)


def _binds() -> bool:
    """Whether the kernel refuses this process anything by the limit: the super-user it does not."""
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
