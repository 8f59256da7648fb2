"""The hosts of a worker, whose modules are loaded when a task first names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.host import Host
    from sloth_tui.runner.hosts.inventory import Inventory
    from sloth_tui.settings import Settings


class WorkerHosts:
    """An :class:`~sloth_tui.runner.hosts.inventory.Inventory` that is made when it is needed."""

    def __init__(self, run: str, grace: float, settings: Callable[[], Settings]) -> None:
        """``run``: its id. ``grace``: seconds that commands have to end with the run."""
        self._run = run
        self._grace = grace
        self._settings = settings
        self._inventory: Inventory | None = None

    def host(self, name: str) -> Host:
        """Return a host, the same one for the same name. Raises InvalidConfig, HostError; UsageError if the
        name is that of a group."""
        if name in self._settings().groups:
            raise UsageError(f"delegate_to '{name}' is a group, and only a task may name one")
        if self._inventory is None:
            from sloth_tui.runner.hosts.inventory import Inventory
            from sloth_tui.runner.hosts.ssh.session import Way

            way = Way(self._run, self._grace)
            self._inventory = Inventory(lambda: self._settings().hosts, way)
        return self._inventory.host(name)

    def close(self) -> None:
        """End everything that was started on the hosts."""
        if self._inventory is not None:
            self._inventory.close()
