"""Remove a database that was created for a first write that then failed."""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from sloth_tui.errors import SlothError
from sloth_tui.store.sqlite.engine.files import remove_directories
from sloth_tui.store.sqlite.schema import CURRENT, EMPTY
from sloth_tui.store.sqlite.schema.tables import ADDED_TABLES, inspect

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
_TABLES = ("state", "locks", *ADDED_TABLES)


def take_back(path: str, directories: list[str]) -> None:
    """Remove the database and the directories created for it, if it is empty and no other process has it
    open. A process that waits for it notices that it is gone."""
    try:
        connection = apsw.Connection(path, flags=_FLAGS)
    except apsw.Error:
        return
    try:
        connection.set_busy_timeout(0)
        # In exclusive mode SQLite keeps the index of the log in memory; otherwise it takes space on the disk.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        # An exclusive transaction would write the first page. A read lock keeps others from committing and,
        # with a log, is the only lock then.
        connection.execute("BEGIN")
        if not _is_empty(connection, path):
            return
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                os.unlink(path + suffix)
    except (apsw.Error, SlothError, OSError):
        return
    finally:
        with suppress(apsw.Error):
            connection.close(True)
    remove_directories(directories)


def _is_empty(connection: apsw.Connection, path: str) -> bool:
    kind = inspect(connection, path)
    if kind is CURRENT:
        return not any(connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").get for table in _TABLES)
    return kind is EMPTY
