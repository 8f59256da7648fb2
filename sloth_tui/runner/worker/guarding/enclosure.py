"""Bound the number of processes of a run's commands: by a cgroup, or else by a limit for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.worker.guarding.fence import CommandCgroup, find_own_cgroup

if TYPE_CHECKING:
    from sloth_tui.runner.worker.guarding.quota import Quota


class Enclosure:
    """The bound, in the process that starts commands. Made with the first command: most runs start none."""

    def __init__(self, guard: int) -> None:
        directory = find_own_cgroup()
        self._quota: Quota | None = None
        self._fence = None if directory is None else CommandCgroup(directory, guard)
        self._refusals = "max 0"
        if self._fence is None or not self._fence.create():
            self._fence = None
            from sloth_tui.runner.worker.guarding.quota import Quota

            self._quota = Quota(guard)

    def prepare(self) -> None:
        """Set the bound for the next command."""
        if self._quota is not None:
            self._quota.renew()

    def has_refused(self) -> bool:
        """True if the kernel has refused the commands a process since the last call."""
        if self._fence is None:
            return self._quota is not None and self._quota.is_met()
        try:
            before, self._refusals = self._refusals, self._fence.refusals()
        except OSError:
            return False
        return before != self._refusals
