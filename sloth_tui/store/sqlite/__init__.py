"""The SQLite store, and the paths of its files: ``<base>/state/<agent>.db``.

These functions never create anything. They are here because every command needs them: a module of their own
would double their cost.
"""

from __future__ import annotations

import os

from sloth_tui.agents import (
    DEFAULT_AGENT,
    base_directory,
    check_name,
    refuse_lost_directory,
    status_of,
    unreadable,
)
from sloth_tui.errors import AgentNotFound, InvalidAgentName

_SUFFIX = ".db"


def state_directory() -> str:
    return os.path.join(base_directory(), "state")


def backup_directory() -> str:
    """Return the directory for backups of databases."""
    return os.path.join(base_directory(), "backups")


def database_path(name: str) -> str:
    """Return the path of the agent's database, which may not exist. Raises InvalidAgentName."""
    return os.path.join(state_directory(), check_name(name) + _SUFFIX)


def path_to_read(name: str) -> str:
    """Return the path of the agent's database. Raises InvalidAgentName, and AgentNotFound if it does not
    exist; only the database of ``local`` may be missing."""
    path = database_path(name)
    if name != DEFAULT_AGENT and status_of(path) is None:
        raise no_such_agent(name)
    return path


def agent_names() -> list[str]:
    """Return all agents in order; ``local`` is always one of them. Raises DatabaseUnusable if the directory
    cannot be read."""
    names, directory = {DEFAULT_AGENT}, state_directory()
    try:
        found = os.listdir(directory)
    except FileNotFoundError:
        refuse_lost_directory(directory)
        found = []
    except OSError as error:
        raise unreadable(directory, error) from error
    for file_name in found:
        if not file_name.endswith(_SUFFIX):
            continue
        try:
            names.add(check_name(file_name[: -len(_SUFFIX)]))
        except InvalidAgentName:
            continue
    return sorted(names)


def no_such_agent(name: str) -> AgentNotFound:
    """Return the error for an unknown agent; its hint names the existing agents."""
    from sloth_tui.text import listed

    return AgentNotFound(f"agent '{name}' has no database", hint="agents: " + listed(agent_names()))


def exposure(path: str) -> str | None:
    """Return a warning, with its remedy, if every user of the machine can change a database or one of the two
    directories around it; None if only its owner can."""
    directory = os.path.dirname(path)
    places = [place for place in (os.path.dirname(directory), directory, path) if _is_writable_by_all(place)]
    if not places:
        return None
    from shlex import join

    return f"every user can change {' and '.join(places)}: {join(['chmod', 'go-rwx', *places])}"


def _is_writable_by_all(path: str) -> bool:
    try:
        return bool(os.stat(path).st_mode & 0o002)
    except OSError:
        return False
