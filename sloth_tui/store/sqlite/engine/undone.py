"""Remove what was not finished: a database created for a first write that then failed, and the copy that was
to take the place of one, as a killed process leaves it."""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from sloth_tui.errors import SlothError
from sloth_tui.store.sqlite.engine.files import remove_directories
from sloth_tui.store.sqlite.engine.opening import FLAGS, connect_to
from sloth_tui.store.sqlite.schema import CURRENT, EMPTY
from sloth_tui.store.sqlite.schema.tables import ADDED_TABLES, inspect

_NEW = ".new"
_TABLES = ("state", "locks", *ADDED_TABLES)


def take_back(path: str, directories: list[str]) -> None:
    """Remove the database and the directories created for it, if it is empty and no other process has it
    open. A process that waits for it notices that it is gone."""
    try:
        connection = connect_to(path, FLAGS)
    except (apsw.Error, SlothError):
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


def new_path(path: str) -> str:
    """Return the path of the copy that is to take the place of a database: no name of an agent's."""
    return path + _NEW


def discard_new(path: str) -> None:
    """Remove the copy. Its maker has the database locked, and so has the caller."""
    for suffix in ("-journal", "-wal", "-shm", ""):
        with suppress(FileNotFoundError):
            os.unlink(new_path(path) + suffix)


def clear_left_over(path: str) -> None:
    """Remove the copy unless it is being made right now: then its maker has the database locked."""
    try:
        connection = connect_to(path, FLAGS)
        try:
            connection.set_busy_timeout(0)
            connection.execute("BEGIN IMMEDIATE")
            discard_new(path)
            if connection.execute("PRAGMA journal_mode").get == "wal":
                # Nobody uses one now: it is of the maker, who had ended the log.
                with suppress(FileNotFoundError):
                    os.unlink(path + "-journal")
        finally:
            connection.close(True)
    except (apsw.Error, SlothError, OSError):
        return  # who may, and knows the key, removes it
