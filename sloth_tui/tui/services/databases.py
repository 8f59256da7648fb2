"""Create, copy and delete the databases of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.store import open_agents

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import TypeAlias

    from sloth_tui.tui.services.writer import Writer

    Progress: TypeAlias = Callable[[int, int], object]


def has_store(name: str) -> bool:
    """True if an agent of this name has a store."""
    return open_agents().known(name)


class Databases:
    """Queued with all other changes, so that none runs in a database that is copied or deleted. The futures
    raise the errors of the store; NotWritable is raised at once."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._agents = open_agents()

    def place_of_backups(self) -> str:
        return self._agents.backups

    def create(self, name: str) -> Future[str]:
        """Create a database; return its path."""
        return self._writer.call(lambda: self._agents.create(name))

    def duplicate(self, name: str, copy: str, progress: Progress | None = None) -> Future[str]:
        """Copy a database; return the path of the copy. ``progress(done, total)`` is called on another
        thread; an exception it raises ends the work."""
        return self._writer.call(lambda: self._agents.duplicate(name, copy, progress))

    def remove(self, name: str, progress: Progress | None = None) -> Future[str]:
        """Back up and delete a database; return the path of the backup."""
        return self._writer.call(lambda: self._agents.remove(name, progress))
