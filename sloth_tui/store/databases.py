"""Agents' databases as a whole: a new one, a copy of one, the end of one."""

from __future__ import annotations

import os
import time

from sloth_tui.agents import (
    DEFAULT_AGENT,
    backup_directory,
    check_name,
    database_path,
    no_such_agent,
    status_of,
)
from sloth_tui.errors import Conflict, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.engine.backup import Progress


def create_agent(name: str) -> str:
    """Make an empty database; returns its path. Raises InvalidAgentName, Conflict where there is one,
    NotWritable, DatabaseUnusable."""
    from sloth_tui.store.sqlite.engine import backup as whole

    path = database_path(name)
    _refuse_known(name, path)
    whole.create(path)
    return path


def duplicate_agent(name: str, copy: str, progress: Progress | None = None) -> str:
    """Make a database that holds all that another one holds at this moment, history and locks included;
    returns its path. Raises as :func:`create_agent`, and AgentNotFound."""
    from sloth_tui.store.sqlite.engine import backup as whole

    target = database_path(copy)
    _refuse_known(copy, target)
    whole.copy(_existing(name), target, progress)
    return target


def back_up_agent(name: str, progress: Progress | None = None) -> str:
    """Write a copy of the database to the directory of backups; returns its path. Raises AgentNotFound,
    NotWritable, DatabaseUnusable."""
    from sloth_tui.store.sqlite.engine import backup as whole

    target = backup_path(name)
    whole.copy(_existing(name), target, progress)
    return target


def remove_agent(name: str, progress: Progress | None = None) -> str:
    """Delete the database, after a backup of it; returns the backup's path. Raises Refused for the agent that
    always exists, Conflict where another program has the database open, AgentNotFound, NotWritable,
    DatabaseUnusable."""
    from sloth_tui.store.sqlite.engine import backup as whole

    check_name(name)
    if name == DEFAULT_AGENT:
        raise Refused(f"{name} always exists", hint="its keys can be cleared")
    backup = backup_path(name)
    whole.remove(_existing(name), backup, progress)
    return backup


def backup_path(name: str) -> str:
    """Where a backup made now would be: the agent's name and the time in UTC, and nothing is there yet."""
    stem = os.path.join(
        backup_directory(), f"{check_name(name)}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
    )
    path, number = stem + ".db", 1
    while os.path.lexists(path):
        number += 1
        path = f"{stem}-{number}.db"
    return path


def _existing(name: str) -> str:
    path = database_path(name)
    if status_of(path) is None:
        raise no_such_agent(name)
    return path


def _refuse_known(name: str, path: str) -> None:
    if status_of(path) is not None:
        raise Conflict(f"agent '{name}' has a database already", hint="nothing was written")
