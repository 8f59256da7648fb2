"""End all descendants of this process: ask them once, give them time, then kill them."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from sloth_tui.runner.processes import find_descendants, send

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sloth_tui.runner.processes import Process

NO_PROCESS = 0


class Termination:
    """Sends SIGTERM to each descendant, once, and knows when its time is up.

    A process that is started later, for example by a handler, gets no signal until then.
    """

    def __init__(
        self,
        grace: float,
        own: Mapping[int, float],
        asked: Mapping[int, float],
        *,
        spared: int = NO_PROCESS,
        relaying: Collection[int] = (),
    ) -> None:
        """``grace``: seconds from now on. ``own``: other seconds for some process groups. ``asked``: groups
        that have been asked before, with the time at which they are killed. ``spared``: a process that gets
        no signal. ``relaying``: groups that are killed in time, but not asked."""
        self._spared = spared
        self._deadlines = dict(asked)
        found = self.left()
        self.count = len(found)
        now = time.monotonic()
        groups = {process.group for process in found}
        self._deadlines |= {group: now + own.get(group, grace) for group in groups - self._deadlines.keys()}
        self.deadline = max([now, *(self._deadlines[group] for group in groups)])
        """The time, by ``time.monotonic``, at which the last of them is killed."""
        silent = {*asked, *relaying}
        self._ask([p for p in found if p.group not in silent and self._deadlines[p.group] > now])

    def add(self, group: int, grace: float) -> None:
        """Ask a command to end that was being started while the others were asked."""
        self._deadlines[group] = time.monotonic() + grace
        self.deadline = max(self.deadline, self._deadlines[group])
        _signal(group, signal.SIGTERM)

    def is_over(self) -> bool:
        """True if no process is left, or no time. Kills the processes whose own time is up."""
        found = self.left()
        now = time.monotonic()
        late = [process for process in found if self._deadlines.get(process.group, self.deadline) <= now]
        send(late, signal.SIGKILL, spare_group=os.getpgrp())
        return not found or now >= self.deadline

    def left(self) -> list[Process]:
        """Return the descendants that still run."""
        return [process for process in find_descendants(os.getpid()) if process.pid != self._spared]

    def _ask(self, found: list[Process]) -> None:
        send(found, signal.SIGTERM, spare_group=os.getpgrp())
        send(found, signal.SIGCONT, spare_group=os.getpgrp())


def kill_descendants(*, spared: int = NO_PROCESS) -> None:
    """Kill the descendants of this process until none is left.

    For a process that is the subreaper of its descendants: orphans stay below it.
    """
    while found := [process for process in find_descendants(os.getpid()) if process.pid != spared]:
        send(found, signal.SIGKILL, spare_group=os.getpgrp())
        time.sleep(0.002)


def _signal(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return
