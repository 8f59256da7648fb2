"""One module for each command or pair of commands, with its declaration and its handler.

A handler takes the arguments and stdout, and returns the exit code. It may raise any SlothError: the command
line reports it and ends with its exit code.

This module opens the store of a command for reading or writing. Not every command has a store, so the modules
that open it are imported only then.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from sloth_tui.cli.parsing.spec import Arguments
    from sloth_tui.store.port import Entries, Handle, Store

    H = TypeVar("H", bound=Handle)

_warned: set[str] = set()


def entries(arguments: Arguments) -> Entries:
    """Open the entries alone, to read, of the agent named by ``--agent`` or of the default one."""
    from sloth_tui.store import open_entries

    return _told(open_entries(_agent(arguments)))


def reading(arguments: Arguments) -> Store:
    """Open the whole store to read; nothing is created."""
    from sloth_tui.store import open_store

    return _told(open_store(_agent(arguments), "read", settings=arguments.settings))


def writing(arguments: Arguments, title: str) -> Store:
    """Open the store to write. History records the changes under ``title``, which names the request."""
    from sloth_tui.origin import this_process
    from sloth_tui.store import open_store

    origin = this_process("sloth-runner", title)
    return _told(open_store(_agent(arguments), "write", origin=origin, settings=arguments.settings))


def warn_once(warning: str | None) -> None:
    """Tell on stderr what the owner of a store should know, once: some commands open theirs twice."""
    if warning is not None and warning not in _warned:
        from sloth_tui.cli.output.diagnostics import warn

        _warned.add(warning)
        warn(warning)


def _told(store: H) -> H:
    warn_once(store.warning())
    return store


def _agent(arguments: Arguments) -> str:
    from sloth_tui.settings import chosen_agent

    return chosen_agent(arguments.agent, arguments.settings)
