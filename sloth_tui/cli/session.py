"""A store for a command: which agent's, for reading or for writing, and in whose name."""

from __future__ import annotations

from sloth_tui.settings import chosen_agent
from sloth_tui.store import open_entries, open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.port import Store
    from sloth_tui.store.sqlite.reading import EntryReading


def entries(agent: str | None) -> EntryReading:
    """The entries alone, to read, of the agent named by ``--agent`` or of the default one."""
    return open_entries(chosen_agent(agent))


def reading(agent: str | None) -> Store:
    """The whole store, to read; nothing is created."""
    return open_store(chosen_agent(agent), "read")


def writing(agent: str | None, title: str) -> Store:
    """The store for changes, which history records under ``title``: what was asked for, in words."""
    from sloth_tui.origin import this_process

    return open_store(chosen_agent(agent), "write", origin=this_process("sloth-runner", title))
