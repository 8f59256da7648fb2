"""Making, copying and deleting agents' databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui import agents
from sloth_tui.store.databases import create_agent, duplicate_agent, remove_agent

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import TypeAlias

    from sloth_tui.tui.services.writer import Writer

    Progress: TypeAlias = Callable[[int, int], object]


class Databases:
    """In one line with all other changes, so that none is under way in a database that is copied or deleted.
    The futures raise the errors of the store; NotWritable is raised at once."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def place_of_backups(self) -> str:
        return agents.backup_directory()

    def create(self, name: str) -> Future[str]:
        """The path of the new database."""
        return self._writer.call(lambda: create_agent(name))

    def duplicate(self, name: str, copy: str, progress: Progress | None = None) -> Future[str]:
        """The path of the copy. ``progress`` is called on another thread; what it raises ends the work."""
        return self._writer.call(lambda: duplicate_agent(name, copy, progress))

    def remove(self, name: str, progress: Progress | None = None) -> Future[str]:
        """The path of the backup."""
        return self._writer.call(lambda: remove_agent(name, progress))
