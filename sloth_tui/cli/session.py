"""A store for a command: which agent's, for reading or for writing, and in whose name."""

from __future__ import annotations

from sloth_tui.agents import describe_exposed, writable_by_all
from sloth_tui.settings import chosen_agent
from sloth_tui.store import open_entries, open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.port import Store
    from sloth_tui.store.sqlite.entries.reading import EntryReading

_warned: set[str] = set()
"""Databases a warning was given about: some commands open theirs twice."""


def entries(agent: str | None) -> EntryReading:
    """The entries alone, to read, of the agent named by ``--agent`` or of the default one."""
    store = open_entries(chosen_agent(agent))
    warn_if_exposed(store.location)
    return store


def reading(agent: str | None) -> Store:
    """The whole store, to read; nothing is created."""
    store = open_store(chosen_agent(agent), "read")
    warn_if_exposed(store.location)
    return store


def writing(agent: str | None, title: str) -> Store:
    """The store for changes, which history records under ``title``: what was asked for, in words."""
    from sloth_tui.origin import this_process

    store = open_store(chosen_agent(agent), "write", origin=this_process("sloth-runner", title))
    warn_if_exposed(store.location)
    return store


def warn_if_exposed(path: str) -> None:
    """One line, the first time, about a database that every user of the machine can change."""
    exposed = writable_by_all(path)
    if exposed and path not in _warned:
        from sloth_tui.cli.output.narration import warn

        _warned.add(path)
        warn(describe_exposed(exposed))
