"""Databases that can only be read as files that never change, and the reasons why some must not be."""

from __future__ import annotations

import os

import apsw

from sloth_tui import shortage
from sloth_tui.store.sqlite.engine.errors import no_room, translate_error, unreadable
from sloth_tui.store.sqlite.engine.files import has_hot_journal, has_log

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
_LOG_IN_READ_ONLY = "it has a log, which cannot be read in a directory that is read-only"
_LOG_IN_FULL = "it has a log, which takes some room to read: "
_JOURNAL = "a writer left it half written: to read it as who may write there puts it right"


def frozen_name(path: str, error: apsw.Error, key: tuple[str, bytes] | None = None) -> str:
    """Return SQLite's name for the file as one that never changes, after ``error`` in opening it as usual.

    That is correct only if there is neither a log nor a journal that must be played back first. Raises
    DatabaseUnusable.
    """
    if shortage.is_out_of_files():
        raise translate_error(error, path) from error
    if shortage.is_out_of_memory():
        raise MemoryError from error
    crowded = no_room(error, path)
    if crowded:
        _end_log(path, key)
    if has_log(path):
        remedy = shortage.too_large_files() or "make room on that disk"
        raise unreadable(path, _LOG_IN_FULL + remedy if crowded else _LOG_IN_READ_ONLY) from error
    if has_hot_journal(path):
        raise unreadable(path, _JOURNAL) from error
    if not crowded and os.access(os.path.dirname(path), os.W_OK):
        raise translate_error(error, path, reading=True) from error
    from urllib.parse import quote

    return f"file:{quote(os.fsencode(path))}?immutable=1"


def _end_log(path: str, key: tuple[str, bytes] | None) -> None:
    """Copy the log into the database and remove it, if that takes no space and no other process has it open.
    A failed read may have left an empty log."""
    try:
        connection = apsw.Connection(path, flags=_FLAGS)
        try:
            if key is not None:
                from sloth_tui.store.sqlite.keys.keyed import set_key

                set_key(connection, key)
            connection.set_busy_timeout(0)
            # In exclusive mode SQLite keeps the index of the log in memory; otherwise it takes space on the
            # disk.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
            os.unlink(path + "-shm")
        finally:
            connection.close(True)
    except (apsw.Error, OSError):
        return  # the caller that checks for a log reports what is left
