"""A private copy of a database: for a run that only predicts, and must change nothing."""

from __future__ import annotations

import apsw

from sloth_tui.agents import status_of
from sloth_tui.store.sqlite.engine.adopting import complete_schema
from sloth_tui.store.sqlite.engine.errors import translate_error
from sloth_tui.store.sqlite.engine.opening import open_as_it_is
from sloth_tui.store.sqlite.schema import EMPTY

LARGEST_IN_MEMORY = 400 * 1024 * 1024
"""Bytes. A larger copy is a temporary file, because a worker's address space is limited."""
_IN_MEMORY, _UNLINKED_FILE = ":memory:", ""
"""Names that mean this to SQLite. The file has no name from the moment it is created."""


def open_private_copy(path: str, largest_in_memory: int = LARGEST_IN_MEMORY) -> apsw.Connection:
    """Return a connection to a copy of one snapshot of the database, with our schema.

    The database is only read; if there is none, the copy is empty. Writers are not blocked. Raises
    DatabaseUnusable, NotWritable (no room for the temporary file).
    """
    if status_of(path) is None:
        return _completed(apsw.Connection(_IN_MEMORY), EMPTY, path)
    logged = status_of(path + "-wal") is not None
    source, kind, _ = open_as_it_is(path)
    try:
        if logged:  # closing must not copy the log of another process into the database
            source.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        # Hold a snapshot: otherwise every change would restart the copy.
        source.execute("BEGIN")
        pages = source.execute("PRAGMA main.page_count").get
        size = pages * source.execute("PRAGMA main.page_size").get
        target = apsw.Connection(_IN_MEMORY if size <= largest_in_memory else _UNLINKED_FILE)
        try:
            with target.backup("main", source, "main") as backup:
                backup.step()
        except BaseException:
            target.close(True)
            raise
    except apsw.Error as error:
        raise translate_error(error, path, reading=True) from error
    finally:
        source.close(True)
    return _completed(target, kind, path)


def open_empty(name: str) -> apsw.Connection:
    """Return a connection to an empty private database with our schema, in memory while it is small. Errors
    show ``name``."""
    return _completed(apsw.Connection(_UNLINKED_FILE), EMPTY, name)


def _completed(connection: apsw.Connection, kind: str, path: str) -> apsw.Connection:
    try:
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.execute("BEGIN IMMEDIATE")
        complete_schema(connection, kind)
        connection.execute("COMMIT")
    except BaseException as error:
        connection.close(True)
        if isinstance(error, apsw.Error):
            raise translate_error(error, path) from error
        raise
    return connection
