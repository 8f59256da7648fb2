"""One module for each command or pair of commands, with its declaration and its handler.

A handler takes the arguments and stdout, and returns the exit code. It may raise any SlothError: the command
line reports it and ends with its exit code.

This module opens the store of a command for reading or writing, and reports what was done. Not every command
has a store, and scripts want no reports, so the modules that do it are imported only then.
"""

from __future__ import annotations

import sys

from sloth_tui.cli.output import unlocked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeVar

    from sloth_tui.cli.parsing.spec import Arguments
    from sloth_tui.model import Step
    from sloth_tui.store.port import Entries, Handle, Store

    H = TypeVar("H", bound=Handle)

_warned: set[str] = set()


def entries(arguments: Arguments) -> Entries:
    """Open the entries alone, to read, of the agent named by ``--agent`` or of the default one."""
    from sloth_tui.store import open_entries

    agent, address = agent_of(arguments), arguments.address()
    return _told(unlocked(lambda: open_entries(agent, address=address)))


def reading(arguments: Arguments) -> Store:
    """Open the whole store to read; nothing is created."""
    from sloth_tui.store import open_store

    agent, address = agent_of(arguments), arguments.address()
    settings = arguments.settings
    return _told(unlocked(lambda: open_store(agent, "read", address=address, settings=settings, brief=True)))


def writing(arguments: Arguments, title: str) -> Store:
    """Open the store to write. History records the changes under ``title``, which names the request."""
    from sloth_tui.origin import this_process
    from sloth_tui.store import open_store

    origin = this_process("sloth-runner", title)
    agent, address, settings = agent_of(arguments), arguments.address(), arguments.settings
    return _told(
        unlocked(
            lambda: open_store(agent, "write", address=address, origin=origin, settings=settings, brief=True)
        )
    )


def recording(arguments: Arguments) -> Store:
    """Like :func:`reading`, for what shows the history: the end of entries whose time to live is over is
    recorded first, where this user may do that."""
    store = reading(arguments)
    try:
        if store.next_expiry() == 0:
            record_expired(arguments)
    except BaseException:
        store.close()
        raise
    return store


def record_expired(arguments: Arguments) -> bool:
    """Delete the entries whose time to live is over; return False if that is not possible now."""
    from sloth_tui.errors import SlothError

    try:
        with writing(arguments, "") as store:
            store.expire()
    except SlothError:
        return False
    return True


def tell(message: str) -> None:
    """Report what was done, if stderr is a terminal; a script, which wants silence, need not import how."""
    if sys.stderr is not None and sys.stderr.isatty():
        from sloth_tui.cli.output import diagnostics

        diagnostics.tell(message)


def lasting_after(store: Store, steps: Iterable[Step], expired: bool = False) -> str:
    """Return what to add to the report of an undo or a rollback: how many of the entries that it changes had
    a time to live, which it does not restore. ``expired``: all had one."""
    if not expired and store.next_expiry() is None:
        return ""
    count = sum(step.new is not None and (expired or store.ttl(step.key) is not None) for step in steps)
    if not count:
        return ""
    from sloth_tui.text import format_count

    verb = "stays" if count == 1 else "stay"
    return f"; {format_count(count, 'entry', 'entries')} had a time to live, and now {verb}"


def warn_once(warning: str | None) -> None:
    """Tell on stderr what the owner of a store should know, once: some commands open theirs twice."""
    if warning is not None and warning not in _warned:
        from sloth_tui.cli.output.diagnostics import warn

        _warned.add(warning)
        warn(warning)


def _told(store: H) -> H:
    warn_once(store.warning())
    return store


def agent_of(arguments: Arguments) -> str:
    """Return the agent named by ``--agent``, or else the default one. Raises InvalidAgentName,
    InvalidConfig."""
    from sloth_tui.agents import DEFAULT_AGENT, config_path, named_agent, status_of

    named = named_agent(arguments.agent)
    if named is not None:
        return named
    # Most users have no such file: do not import what reads it.
    return DEFAULT_AGENT if status_of(config_path()) is None else arguments.settings().agent
