"""Create, copy and delete the stores of agents, and which store is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.store import chosen_store, hide_keys, open_agents, pin_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import TypeAlias

    from sloth_tui.errors import PassphraseNeeded
    from sloth_tui.tui.services.writer import Writer

    Progress: TypeAlias = Callable[[int, int], object]


def pin_elsewhere() -> str | None:
    """Return the address of the store to show, None for the files of this machine, and stay with it. Raises
    UsageError."""
    return pin_store()


def elsewhere() -> str | None:
    """Return the address of the store that is shown; None for the files of this machine."""
    return chosen_store()


def has_store(name: str) -> bool:
    """True if an agent of this name has a store."""
    return open_agents().known(name)


def unlock_key(needed: PassphraseNeeded, passphrase: str) -> bool:
    """See :func:`sloth_tui.store.encryption.unlock`."""
    from sloth_tui.store.encryption import unlock

    return unlock(needed, passphrase)


class Databases:
    """Queued with all other changes, so that none runs in a store that is copied or deleted. The futures
    raise the errors of the store; NotWritable is raised at once."""

    def __init__(self, writer: Writer) -> None:
        hide_keys()  # before an editor, a pager or a command of the user's own could inherit them
        self._writer = writer
        self._agents = open_agents()

    def place_of_backups(self) -> str:
        return self._agents.backups

    def create(self, name: str) -> Future[str]:
        """Create a store; return its location."""
        return self._writer.call(lambda: self._agents.create(name))

    def duplicate(self, name: str, copy: str, progress: Progress | None = None) -> Future[str]:
        """Copy a store; return the location of the copy. ``progress(done, total)`` is called on another
        thread; an exception it raises ends the work."""
        return self._writer.call(lambda: self._agents.duplicate(name, copy, progress))

    def remove(self, name: str, progress: Progress | None = None) -> Future[str]:
        """Back up and delete a store; return the location of the backup."""
        return self._writer.call(lambda: self._agents.remove(name, progress))
