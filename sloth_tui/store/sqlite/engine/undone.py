"""Taking back a database that was made for a first write which then could not be made."""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from sloth_tui.errors import SlothError
from sloth_tui.store.sqlite.engine.files import remove_directories
from sloth_tui.store.sqlite.schema import tables as schema

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
_TABLES = ("state", "locks", *schema.ADDED_TABLES)


def take_back(path: str, directories: list[str]) -> None:
    """Remove the database and the directories that were made for it, if nothing is in it and nobody else has
    it open. Who waits for it meanwhile notices that it is gone."""
    try:
        connection = apsw.Connection(path, flags=_FLAGS)
    except apsw.Error:
        return
    try:
        connection.set_busy_timeout(0)
        # Alone, SQLite keeps the index of a log in its own memory: that of others takes room on the disk.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        # To begin an exclusive transaction would write the first page. A reader keeps others from committing,
        # and where there is a log, is the only one then.
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
    kind = schema.inspect(connection, path)
    if kind is schema.OURS:
        return not any(connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").get for table in _TABLES)
    return kind is schema.EMPTY
