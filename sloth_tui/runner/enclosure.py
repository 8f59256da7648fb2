"""What the commands of a run are started in: a cgroup, or else a limit for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.fence import Fence, own_directory

if TYPE_CHECKING:
    from sloth_tui.runner.quota import Quota


class Enclosure:
    """In the process that starts commands. Most runs start none, so nothing is made before it is needed."""

    def __init__(self, guard: int) -> None:
        directory = own_directory()
        self._quota: Quota | None = None
        if directory is None or not Fence(directory, guard).put_up():
            from sloth_tui.runner.quota import Quota

            self._quota = Quota(guard)

    def prepare(self) -> None:
        """Before each command."""
        if self._quota is not None:
            self._quota.renew()
