"""Counting what the commands of a run have started, where no cgroup does."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.runner.processes import (
    below,
    count_tasks,
    descendants,
    load,
    processes,
    read_process,
    send,
    tasks_and_newest,
)
from sloth_tui.runner.worker.excess import MOST_PROCESSES, excess
from sloth_tui.runner.worker.quota import is_met, make_room

if TYPE_CHECKING:
    from collections.abc import Iterator

_FASTEST = 20_000
"""Processes that a fork bomb may start in a second: the fewer are left, the sooner the next look."""
_SHORTEST = 0.002
_LONGEST_HALT = 1.0
_SHARE = 5
"""When the kernel refuses more, a run that has this part of the bound is to blame, and not others."""
_FEW = 20
"""So many more are looked at one by one."""


class Crowd:
    """Looks at how many processes and threads the whole system has, which is cheap, and counts those below
    this process when that jumps.

    They are stopped for the count: counting takes longer than forking, all the more so among a thousand
    processes that want to run. The groups that are known are stopped first, by one call each.
    """

    def __init__(self, before: bytes, child: int) -> None:
        """``before``: what :func:`load` said before the first command. ``child``: the process that starts
        them."""
        self._child = child
        self._groups: set[int] = set()
        self._room = MOST_PROCESSES
        self._calm, newest = tasks_and_newest(before)
        self._least = self._calm
        self._roll = _Roll(newest)

    def know(self, groups: set[int]) -> None:
        """Be told the process groups that commands were started in."""
        self._groups = groups

    @property
    def interval(self) -> float:
        """Seconds until the next look."""
        return max(_SHORTEST, (self._room // 2 - count_tasks() + self._calm) / _FASTEST)

    def look(self) -> str:
        """What there is more of than there may be, if so; then they are left stopped."""
        total = count_tasks()
        self._calm = min(self._calm, total)
        if total > self._calm + _FEW:
            self._roll.look()
        self._least = min(self._least, total)
        refused = total - self._least > MOST_PROCESSES // 2 and is_met(self._child)
        if total - self._calm <= self._room // 2 and not refused:
            return ""
        self._roll.halt({group for group in self._groups if is_ours(group)})
        everything = processes()
        found = below(everything, os.getpid())
        count = MOST_PROCESSES + 1 if refused and len(found) > MOST_PROCESSES // _SHARE else len(found)
        too_much = excess(count, sum(process.threads for process in found))
        if not too_much:
            make_room(everything, found)
            send(found, signal.SIGCONT, spare_group=os.getpgrp())
            self._room, self._calm = max(MOST_PROCESSES - len(found), 2), count_tasks()
        return too_much

    def close(self) -> None:
        """Nothing can be closed here, nor is there anything to remove."""

    def remove(self) -> None:
        """See :meth:`close`."""


class _Roll:
    """Knows what is below this process without reading all of procfs, which takes long while a bomb runs.

    Numbers of processes ascend, and to ask the kernel for the group of each new one is cheap.
    """

    def __init__(self, newest: int) -> None:
        self._newest = newest
        self._groups = {os.getpgrp(): {os.getpid()}}
        self._members = {os.getpid()}

    def halt(self, groups: set[int]) -> None:
        """Stop everything, but for the own group; first of all ``groups``."""
        stopped = {os.getpgrp()}
        end = time.monotonic() + _LONGEST_HALT
        fresh = groups
        while fresh and time.monotonic() < end:
            for group in fresh:
                _signal(group, signal.SIGSTOP)
            stopped |= fresh
            self.look()
            fresh = self._groups.keys() - stopped

    def look(self) -> None:
        """Find those that have come about since the last time."""
        newest = tasks_and_newest(load())[1]
        if newest < self._newest:  # numbers began anew
            fresh = iter([(process.pid, process.group) for process in descendants(os.getpid())])
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


def is_ours(group: int) -> bool:
    """Whether a group that a command was started in can still be its: numbers are given away again."""
    try:
        return os.getsid(group) == os.getsid(0)
    except OSError:  # its leader is gone; as long as it has members the number is not given away
        with suppress(OSError):
            os.killpg(group, 0)
            return True
        return False
