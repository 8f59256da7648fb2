"""The hosts of one run, by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sloth_tui.runner.control_files import ControlFiles
from sloth_tui.runner.hosts.ssh.host import SshHost
from sloth_tui.runner.hosts.ssh.session import Destination, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sloth_tui.settings import HostSettings


class Inventory:
    """Makes a host when it is first asked for: as the settings say, else as a destination of ssh."""

    def __init__(
        self, settings: Callable[[], Mapping[str, HostSettings]], way: Way, owner: int | None = None
    ) -> None:
        """``settings``: returns those of the hosts by name. ``owner``: the process that removes the files
        of ssh if this one is killed; by default the parent of this one."""
        self._settings = settings
        self._way = way
        self._owner = os.getppid() if owner is None else owner
        self._hosts: dict[str, SshHost] = {}
        self._files: ControlFiles | None = None

    def host(self, name: str) -> SshHost:
        """Return a host, which is not connected yet. Raises InvalidConfig, HostError."""
        if name not in self._hosts:
            if self._files is None:
                self._files = ControlFiles(self._owner)
            self._hosts[name] = SshHost(name, self._destination(name), self._files, self._way)
        return self._hosts[name]

    def _destination(self, name: str) -> Destination:
        found = self._settings().get(name)
        if found is None:
            return Destination(name)
        return Destination(found.ssh or name, found.become, found.cwd, found.env)

    def close(self) -> None:
        """End everything that was started on the hosts."""
        for host in self._hosts.values():
            host.close()
        if self._files is not None:
            self._files.close()
