"""Open a store: the entry point for both front ends and the runner.

Which store that is, :mod:`sloth_tui.store.address` decides. It and every backend but SQLite are imported only
if the environment or the file of settings may name another store than the files of this machine.
"""

from __future__ import annotations

import os
import stat

from sloth_tui.agents import config_path
from sloth_tui.store.sqlite import database_path, path_to_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Literal

    from sloth_tui.model import Origin, StoreCheck, Value
    from sloth_tui.settings import Settings
    from sloth_tui.store.port import Agents, Entries, Store
    from sloth_tui.store.sqlite.store import SqliteStore

STORE_VARIABLE = "SLOTH_RUNNER_STORE"
_KEY_VARIABLE = "SLOTH_RUNNER_KEY"
FILES = "files"
"""The address of the files of this machine."""
_MAX_CONFIG_BYTES = 1024 * 1024


def _settings() -> Settings:
    from sloth_tui.settings import load_settings

    return load_settings()


def open_store(
    agent: str,
    mode: Literal["read", "write"] = "read",
    *,
    address: str | None = None,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = _settings,
    brief: bool = False,
) -> Store:
    """Open the store of an agent.

    ``read`` never changes or creates anything, and its writes raise NotWritable; ``local`` without a
    store reads as empty. ``write`` reads as well, and creates or adopts the store with the first write.
    ``address`` names the store, ``files`` those of this machine; the default is the one that the environment
    or the file of settings chooses. ``origin`` is recorded in the history as the author of the changes; the
    default is this process and its user. ``settings`` say how much history is kept; they are read once, by
    the first write that needs them. ``brief``: a few calls will be made, by a process that then ends; a store
    on another machine may then do with less code. Raises UsageError for a bad address, InvalidAgentName,
    AgentNotFound (``read`` of an agent without a store), DatabaseUnusable.
    """
    elsewhere = _elsewhere(address)
    if elsewhere is not None:
        from sloth_tui.store.address import opening

        backend = opening(elsewhere)
        return backend.open_store(elsewhere, agent, mode, origin=origin, settings=settings, brief=brief)
    path = path_to_read(agent) if mode == "read" else database_path(agent)
    return open_path(path, mode, agent=agent, origin=origin, settings=settings)


def open_copy(
    agent: str,
    *,
    address: str | None = None,
    origin: Origin | None = None,
    settings: Callable[[], Settings] = _settings,
) -> Store:
    """Open a private copy of the store of an agent, which can be written and is lost when it is closed.

    The original is only read. An agent without a store has an empty copy, and none is created. The copy of
    a store that is no file holds its entries and the locks held now, without their history. Raises
    UsageError for a bad address, InvalidAgentName, DatabaseUnusable, NotWritable (no room for a copy that is
    too large for memory).
    """
    from sloth_tui.store.sqlite.engine.database import Database
    from sloth_tui.store.sqlite.store import SqliteStore

    elsewhere = _elsewhere(address)
    if elsewhere is None:
        path = database_path(agent)
        return SqliteStore(agent, Database(path, private=True, origin=origin, settings=settings))
    from sloth_tui.store.copying import fill

    copy = SqliteStore(agent, Database(None, private=True, settings=settings))
    try:
        fill(copy, agent, elsewhere)
        if origin is not None:
            copy.set_origin(origin)
    except BaseException:
        copy.close()
        raise
    return copy


def open_entries(agent: str, *, address: str | None = None) -> Entries:
    """Open only the entries of an agent, for reading: enough for a command that prints values and ends.

    Like ``open_store(agent, "read")``, but loads half the code, because scripts call such commands in loops.
    Raises UsageError for a bad address, InvalidAgentName, AgentNotFound, DatabaseUnusable.
    """
    elsewhere = _elsewhere(address)
    if elsewhere is not None:
        from sloth_tui.store.address import opening

        return opening(elsewhere).open_entries(elsewhere, agent)
    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.entries.reading import EntryReading

    return EntryReading(agent, OpenDatabase(path_to_read(agent)))


def open_agents(address: str | None = None) -> Agents:
    """Return the list of agents of a store, and operations on whole stores. Nothing is asked yet, not even
    of a store on another machine. Raises UsageError for a bad address, DatabaseUnusable if what reaches it
    is not installed."""
    elsewhere = _elsewhere(address)
    if elsewhere is not None:
        from sloth_tui.store.address import opening

        return opening(elsewhere).open_agents(elsewhere)
    from sloth_tui.store.sqlite.agents import SqliteAgents

    return SqliteAgents()


def check_store(address: str | None = None) -> StoreCheck:
    """Ask whether a store answers, and how fast. Raises UsageError for a bad address, DatabaseUnusable."""
    elsewhere = _elsewhere(address)
    if elsewhere is not None:
        from sloth_tui.store.address import opening

        return opening(elsewhere).check(elsewhere)
    from sloth_tui.store.sqlite.check import check

    return check()


def read_foreign_database(path: str) -> Iterator[tuple[str | bytes, Value, float | None]]:
    """Yield the entries of a database that this program or the original one wrote, wherever it is, from a
    private copy: (key, bytes if it is not UTF-8; value; unix seconds at which it is gone, or None). Raises
    DatabaseUnusable."""
    from sloth_tui.store.sqlite.foreign import read

    return read(path)


def chosen_store(settings: Callable[[], Settings] = _settings) -> str | None:
    """Return the address of the store that is chosen; None for the files of this machine. ``settings`` are
    read only if they may name one. Raises UsageError."""
    return _elsewhere(None, settings)


def pin_store(settings: Callable[[], Settings] = _settings) -> str | None:
    """Let this process and those that it starts use, from now on, the store that is chosen now, whatever
    becomes of the file of settings; return its address, None for the files of this machine. None of them
    inherits a key. Raises UsageError for a bad address."""
    hide_keys()
    elsewhere = _elsewhere(None, settings)
    os.environ[STORE_VARIABLE] = elsewhere or FILES
    return elsewhere


def hide_keys() -> None:
    """Take the variables that hold keys of encrypted databases out of the environment of this process, which
    goes on to know them: call it before another process is started."""
    named = os.environ.get(_KEY_VARIABLE, "").encode("utf-8", "replace")
    text = b"" if named else settings_text()
    if b"env:" in named or text is None or b"env:" in text:
        from sloth_tui.store.sqlite.keys.environment import take_out

        take_out()


def store_address(address: str | None) -> str | None:
    """Return the address of the store that a call with this ``address`` works on; None for the files of this
    machine. Raises UsageError."""
    return _elsewhere(address)


def _elsewhere(address: str | None, settings: Callable[[], Settings] = _settings) -> str | None:
    """Return the address of the store; None for the files of this machine. Raises UsageError."""
    named = address or os.environ.get(STORE_VARIABLE)
    if named == FILES or (not named and not _settings_may_name_a_store()):
        return None
    from sloth_tui.store.address import checked, chosen

    return checked(named) if named else chosen(settings)


def _settings_may_name_a_store() -> bool:
    """Return False if the file of settings certainly names no store. Few files do: to find that out must not
    cost what parsing them does. A key could be written with escapes."""
    text = settings_text()
    return text is None or b"store" in text or b"\\" in text


def settings_text() -> bytes | None:
    """Return the file of settings, empty without one; None if only parsing it tells what is wrong with it."""
    try:
        descriptor = os.open(config_path(), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b""
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        text = b""
        while part := os.read(descriptor, _MAX_CONFIG_BYTES):
            text += part
            if len(text) > _MAX_CONFIG_BYTES:
                return None
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return text


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

    def before_upgrade(path: str) -> None:
        if agent:
            from sloth_tui.store.sqlite.saving.automatic import before_upgrade

            before_upgrade(path, settings)

    return SqliteStore(
        agent,
        Database(
            path,
            read_only=mode == "read",
            origin=origin,
            settings=settings,
            before_upgrade=before_upgrade,
        ),
    )
