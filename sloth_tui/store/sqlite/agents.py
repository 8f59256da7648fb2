"""The agents that have a database, and operations on whole databases: create, copy, back up, remove."""

from __future__ import annotations

import os
import time

from sloth_tui.agents import DEFAULT_AGENT, check_name, status_of
from sloth_tui.errors import Conflict, Refused, SlothError
from sloth_tui.store.sqlite import (
    agent_names,
    backup_directory,
    database_path,
    exposure,
    no_such_agent,
    state_directory,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Agent, Check
    from sloth_tui.store.sqlite.engine.backup import Progress

_CLOCK_TICK_SECONDS = 0.1
"""Possible lag of a file system's clock."""


class SqliteAgents:
    """See :class:`sloth_tui.store.port.Agents`."""

    __slots__ = ()

    @property
    def pace(self) -> None:
        return None

    @property
    def backups(self) -> str:
        return backup_directory()

    def names(self) -> list[str]:
        return agent_names()

    def known(self, name: str) -> bool:
        return status_of(database_path(name)) is not None

    def discover(self) -> list[Agent]:
        return [_look_at(name) for name in agent_names()]

    def look_at(self, name: str) -> Agent:
        return _look_at(name)

    def listing(self) -> object:
        try:
            status = os.stat(state_directory())
        except OSError:
            return None
        # A directory that changed just now may change again within the same tick of its clock.
        old = abs(time.time() - status.st_mtime) > _CLOCK_TICK_SECONDS
        return (status.st_ino, status.st_mtime_ns) if old else object()

    def identity(self, name: str) -> object:
        path = _path_of(name)
        try:
            status = os.stat(path)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def state(self, name: str) -> object:
        path = _path_of(name)
        found: list[object] = []
        for file in (path, path + "-wal", path + "-journal"):
            try:
                status = os.stat(file)
            except OSError:
                found.append(None)
            else:
                # The last one changes with the permissions, too.
                found.append((status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns))
        try:
            status = os.stat(os.path.dirname(path))
        except OSError:
            return found
        return [*found, (status.st_mode, status.st_uid, status.st_gid)]

    def warning(self, name: str) -> str | None:
        return exposure(database_path(name))

    def create(self, name: str) -> str:
        from sloth_tui.store.sqlite.engine import backup as whole

        path = database_path(name)
        _refuse_known(name, path)
        whole.create(path)
        return path

    def duplicate(self, name: str, copy: str, progress: Progress | None = None) -> str:
        from sloth_tui.store.sqlite.engine import backup as whole

        target = database_path(copy)
        _refuse_known(copy, target)
        whole.copy(_existing(name), target, progress)
        return target

    def back_up(self, name: str, progress: Progress | None = None, target: str | None = None) -> str:
        from sloth_tui.store.sqlite.saving.names import backup_path
        from sloth_tui.store.sqlite.saving.writing import save

        path = _existing(name)
        target = target or backup_path(name)
        save(path, target, progress)
        return target

    def examine(self, name: str, *, full: bool = False, progress: Progress | None = None) -> list[Check]:
        from sloth_tui.store.sqlite.checkup.examine import examine

        path = database_path(name) if name == DEFAULT_AGENT else _existing(name)
        return examine(name, path, full=full, progress=progress)

    def remove(self, name: str, progress: Progress | None = None) -> str:
        from sloth_tui.store.sqlite.engine import backup as whole
        from sloth_tui.store.sqlite.saving.automatic import before_removal
        from sloth_tui.store.sqlite.saving.writing import save_from

        if check_name(name) == DEFAULT_AGENT:
            raise Refused(f"{name} always exists", hint="its keys can be cleared")
        path = _existing(name)
        with before_removal(name) as backup:
            whole.remove(path, lambda connection: save_from(connection, path, backup, progress))
        return backup


def _look_at(name: str) -> Agent:
    from sloth_tui.model import Agent

    path = database_path(name)
    size, modified = 0, None
    database = status_of(path)
    for status in () if database is None else (database, _status_of_log(path)):
        if status is not None:
            size += status.st_size
            modified = max(modified or 0.0, status.st_mtime)
    return Agent(name, path, database is not None, size, modified)


def _status_of_log(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path + "-wal")
    except OSError:
        return None


def _existing(name: str) -> str:
    path = database_path(name)
    if status_of(path) is None:
        raise no_such_agent(name)
    return path


def _refuse_known(name: str, path: str) -> None:
    if status_of(path) is not None:
        raise Conflict(f"agent '{name}' has a database already", hint="nothing was written")


def _path_of(name: str) -> str:
    """Return the path of the agent's database; empty if there cannot be one."""
    try:
        return database_path(name)
    except SlothError:
        return ""
