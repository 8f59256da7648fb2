"""Opening a store: the way in for both front ends and the runner."""

from __future__ import annotations

from sloth_tui.agents import DEFAULT_AGENT, database_path, no_such_agent, status_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from sloth_tui.model import Origin
    from sloth_tui.store.sqlite.entries.reading import EntryReading
    from sloth_tui.store.sqlite.store import SqliteStore


def open_store(
    agent: str, mode: Literal["read", "write"] = "read", *, origin: Origin | None = None
) -> SqliteStore:
    """The store of an agent.

    ``read`` never changes or creates anything, and its writes raise NotWritable; ``local`` without a
    database reads as empty. ``write`` reads as well, and creates or adopts the database with the first write.
    ``origin`` tells the history who makes the changes; without one it is this process and its user.
    Raises InvalidAgentName, AgentNotFound (``read`` of an agent without a database), DatabaseUnusable.
    """
    path = _path_to_read(agent) if mode == "read" else database_path(agent)
    return open_path(path, mode, agent=agent, origin=origin)


def open_entries(agent: str) -> EntryReading:
    """The entries alone, to read: what a command needs that prints values and is done.

    Like ``open_store(agent, "read")``, but loads half the code: a script may call such a command in a loop.
    """
    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.entries.reading import EntryReading

    return EntryReading(agent, OpenDatabase(_path_to_read(agent)))


def open_path(
    path: str, mode: Literal["read", "write"] = "read", *, agent: str = "", origin: Origin | None = None
) -> SqliteStore:
    """The store in this file, wherever it is. A missing file reads as empty; otherwise as ``open_store``."""
    from sloth_tui.store.sqlite.engine.database import Database
    from sloth_tui.store.sqlite.store import SqliteStore

    if mode not in ("read", "write"):
        raise ValueError(f"mode must be 'read' or 'write', not {mode!r}")
    return SqliteStore(agent, Database(path, read_only=mode == "read", origin=origin))


def _path_to_read(agent: str) -> str:
    path = database_path(agent)
    if agent != DEFAULT_AGENT and status_of(path) is None:
        raise no_such_agent(agent)
    return path
