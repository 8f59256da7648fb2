"""What the commands of a run are started in: a cgroup, or else a limit for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.worker.fence import Fence, own_directory

if TYPE_CHECKING:
    from sloth_tui.runner.worker.quota import Quota


class Enclosure:
    """In the process that starts commands. Most runs start none, so nothing is made before it is needed."""

    def __init__(self, guard: int) -> None:
        directory = own_directory()
        self._quota: Quota | None = None
        self._fence = None if directory is None else Fence(directory, guard)
        self._refusals = "max 0"
        if self._fence is None or not self._fence.put_up():
            self._fence = None
            from sloth_tui.runner.worker.quota import Quota

            self._quota = Quota(guard)

    def prepare(self) -> None:
        """Before each command."""
        if self._quota is not None:
            self._quota.renew()

    def has_refused(self) -> bool:
        """Whether the kernel has refused the commands something since this was asked last."""
        if self._fence is None:
            return self._quota is not None and self._quota.is_met()
        try:
            before, self._refusals = self._refusals, self._fence.refusals()
        except OSError:
            return False
        return before != self._refusals
