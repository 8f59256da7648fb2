"""Open a store: the entry point for both front ends and the runner."""

from __future__ import annotations

from sloth_tui.store.sqlite import database_path, path_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from sloth_tui.model import Origin
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Agents, Entries, Store
    from sloth_tui.store.sqlite.store import SqliteStore


def _settings() -> Settings:
    from sloth_tui.settings import load_settings

    return load_settings()


def open_store(
    agent: str,
    mode: Literal["read", "write"] = "read",
    *,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = _settings,
) -> Store:
    """Open the store of an agent.

    ``read`` never changes or creates anything, and its writes raise NotWritable; ``local`` without a
    database reads as empty. ``write`` reads as well, and creates or adopts the database with the first write.
    ``origin`` is recorded in the history as the author of the changes; the default is this process and its
    user. ``settings`` say how much history is kept; they are read once, by the first write that needs them.
    Raises InvalidAgentName, AgentNotFound (``read`` of an agent without a database), DatabaseUnusable.
    """
    path = path_to_read(agent) if mode == "read" else database_path(agent)
    return open_path(path, mode, agent=agent, origin=origin, settings=settings)


def open_copy(
    agent: str,
    *,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = _settings,
) -> Store:
    """Open a private copy of the store of an agent, which can be written and is lost when it is closed.

    The original is only read. An agent without a database has an empty copy, and none is created. Raises
    InvalidAgentName, DatabaseUnusable, NotWritable (no room for a copy that is too large for memory).
    """
    from sloth_tui.store.sqlite.engine.database import Database
    from sloth_tui.store.sqlite.store import SqliteStore

    path = database_path(agent)
    return SqliteStore(agent, Database(path, private=True, origin=origin, settings=settings))


def open_entries(agent: str) -> Entries:
    """Open only the entries of an agent, for reading: enough for a command that prints values and ends.

    Like ``open_store(agent, "read")``, but loads half the code, because scripts call such commands in loops.
    Raises InvalidAgentName, AgentNotFound, DatabaseUnusable.
    """
    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.entries.reading import EntryReading

    return EntryReading(agent, OpenDatabase(path_to_read(agent)))


def open_agents() -> Agents:
    """Return the list of agents on this machine, and operations on whole stores."""
    from sloth_tui.store.sqlite.agents import SqliteAgents

    return SqliteAgents()


def open_path(
    path: str,
    mode: Literal["read", "write"] = "read",
    *,
    agent: str = "",
    origin: Origin | None = None,
    settings: Callable[[], Settings] = _settings,
) -> SqliteStore:
    """Open the store in a file, wherever it is. A missing file reads as empty; otherwise like
    ``open_store``. Raises ValueError for another mode."""
    from sloth_tui.store.sqlite.engine.database import Database
    from sloth_tui.store.sqlite.store import SqliteStore

    if mode not in ("read", "write"):
        raise ValueError(f"mode must be 'read' or 'write', not {mode!r}")
    return SqliteStore(agent, Database(path, read_only=mode == "read", origin=origin, settings=settings))
