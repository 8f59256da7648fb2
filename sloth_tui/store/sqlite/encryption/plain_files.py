"""Find what is left in plain of an agent that is encrypted."""

from __future__ import annotations

import os

from sloth_tui.agents import base_directory
from sloth_tui.store.sqlite.engine import SQLITE_MAGIC

_LOGS = ("-wal", "-journal")


def find_plain_files(agent: str) -> list[str]:
    """Return the paths of plain databases, and of their logs, under the base directory whose names begin with
    that of the agent. They are read as files: call it while this process has no database open."""
    found = []
    for directory, _, names in os.walk(base_directory()):
        for name in names:
            path = os.path.join(directory, name)
            if _belongs(name, agent) and _is_plain(path):
                found.append(path)
    return sorted(found)


def _belongs(name: str, agent: str) -> bool:
    rest = name.lstrip(".").removeprefix(agent)
    return rest != name.lstrip(".") and rest[:1] in (".", "-")


def _is_plain(path: str) -> bool:
    log = next((suffix for suffix in _LOGS if path.endswith(suffix)), None)
    if log is not None:
        # What is in a log is plain if its database is.
        return os.path.getsize(path) > 0 and _is_plain(path.removesuffix(log))
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(descriptor, len(SQLITE_MAGIC)) == SQLITE_MAGIC
    except OSError:
        return False
    finally:
        os.close(descriptor)
