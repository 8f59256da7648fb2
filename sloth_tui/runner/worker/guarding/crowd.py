"""Count the processes of a run's commands where no cgroup counts them."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.runner.processes import (
    count_tasks,
    find_descendants,
    find_descendants_among,
    parse_load,
    processes,
    read_load,
    read_process,
    send,
)
from sloth_tui.runner.worker.guarding.excess import MOST_PROCESSES, describe_excess
from sloth_tui.runner.worker.guarding.quota import is_met, make_room

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_FORKS_PER_SECOND = 20_000
"""Processes that a fork bomb may start in a second. The fewer are left, the sooner comes the next check."""
_MIN_INTERVAL_SECONDS = 0.002
_MAX_HALT_SECONDS = 1.0
_BLAME_DIVISOR = 5
"""If the kernel refuses more, a run that has one fifth of its bound is the cause, and not other programs."""
_FEW_TASKS = 20
"""Growth up to which new processes are not looked at."""


class ProcessCounter:
    """Watches the number of processes and threads of the whole system, which is cheap, and counts the
    descendants of this process when that number jumps.

    They are stopped for the count, because counting takes longer than forking, above all among a thousand
    runnable processes. The known groups are stopped first, by one call each.
    """

    def __init__(self, before: bytes, child: int) -> None:
        """``before``: the result of :func:`load` before the first command. ``child``: the process that starts
        the commands."""
        self._child = child
        self._groups: set[int] = set()
        self._room = MOST_PROCESSES
        self._baseline, newest = parse_load(before)
        self._least = self._baseline
        self._index = _ProcessIndex(newest)

    def set_groups(self, groups: set[int]) -> None:
        """Take note of the process groups that commands were started in."""
        self._groups = groups

    @property
    def interval(self) -> float:
        """Seconds until the next check."""
        return max(
            _MIN_INTERVAL_SECONDS, (self._room // 2 - count_tasks() + self._baseline) / _MAX_FORKS_PER_SECOND
        )

    def look(self) -> str:
        """Return the bound that the commands exceed, as text, and leave them stopped; empty without one."""
        total = count_tasks()
        self._baseline = min(self._baseline, total)
        if total > self._baseline + _FEW_TASKS:
            self._index.look()
        self._least = min(self._least, total)
        refused = total - self._least > MOST_PROCESSES // 2 and is_met(self._child)
        if total - self._baseline <= self._room // 2 and not refused:
            return ""
        self._index.stop_all({group for group in self._groups if is_own_group(group)})
        everything = processes()
        found = find_descendants_among(everything, os.getpid())
        count = (
            MOST_PROCESSES + 1 if refused and len(found) > MOST_PROCESSES // _BLAME_DIVISOR else len(found)
        )
        too_much = describe_excess(count, sum(process.threads for process in found))
        if not too_much:
            make_room(everything, found)
            send(found, signal.SIGCONT, spare_group=os.getpgrp())
            self._room, self._baseline = max(MOST_PROCESSES - len(found), 2), count_tasks()
        return too_much

    def close(self) -> None:
        """Do nothing: only a cgroup is closed."""

    def remove(self) -> None:
        """Do nothing: only a cgroup is removed."""


class _ProcessIndex:
    """Knows the descendants of this process without reading all of procfs, which is slow while a bomb runs.

    Process numbers ascend, and it is cheap to ask the kernel for the group of each new one.
    """

    def __init__(self, newest: int) -> None:
        self._newest = newest
        self._groups = {os.getpgrp(): {os.getpid()}}
        self._members = {os.getpid()}

    def stop_all(self, groups: set[int]) -> None:
        """Stop all descendants except those in the group of this process; ``groups`` first."""
        stopped = {os.getpgrp()}
        end = time.monotonic() + _MAX_HALT_SECONDS
        fresh = groups
        while fresh and time.monotonic() < end:
            for group in fresh:
                _signal(group, signal.SIGSTOP)
            stopped |= fresh
            self.look()
            fresh = self._groups.keys() - stopped

    def look(self) -> None:
        """Find the processes that were started since the last time."""
        newest = parse_load(read_load())[1]
        if newest < self._newest:  # numbers began anew
            fresh = iter([(process.pid, process.group) for process in find_descendants(os.getpid())])
        else:
            fresh = self._born(range(self._newest + 1, newest + 1))
        self._newest = newest
        for number, group in fresh:
            self._members.add(number)
            self._groups.setdefault(group, set()).add(number)

    def _born(self, numbers: range) -> Iterator[tuple[int, int]]:
        session = os.getsid(0)
        for number in numbers:
            with suppress(OSError):
                group = os.getpgid(number)
                if group in self._groups or os.getsid(number) == session or self._is_below(number):
                    yield number, group

    def _is_below(self, number: int) -> bool:
        process = read_process(number)
        return process is not None and process.parent in self._members


def _signal(group: int, number: int) -> None:
    with suppress(OSError):
        os.killpg(group, number)


def is_own_group(group: int) -> bool:
    """True if a group can still be that of a command: the kernel uses numbers again."""
    try:
        return os.getsid(group) == os.getsid(0)
    except OSError:  # its leader is gone; the number is not used again as long as the group has members
        with suppress(OSError):
            os.killpg(group, 0)
            return True
        return False
