"""A private copy of a database: for a run that only predicts, and must change nothing."""

from __future__ import annotations

import os

import apsw

from sloth_tui.agents import status_of
from sloth_tui.store.sqlite.engine.adopting import complete_schema
from sloth_tui.store.sqlite.engine.errors import translate_error
from sloth_tui.store.sqlite.engine.opening import FLAGS, connect, key_of_file, open_as_it_is
from sloth_tui.store.sqlite.keys.keyed import HAS_CIPHERS
from sloth_tui.store.sqlite.schema import EMPTY

LARGEST_IN_MEMORY = 400 * 1024 * 1024
"""Bytes. A larger copy is a temporary file, because a worker's address space is limited."""
_IN_MEMORY, _UNLINKED_FILE = ":memory:", ""
"""Names that mean this to SQLite. The file has no name from the moment it is created."""
_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI


def open_private_copy(path: str, largest_in_memory: int = LARGEST_IN_MEMORY) -> apsw.Connection:
    """Return a connection to a copy of one snapshot of the database, with our schema.

    The database is only read; if there is none, the copy is empty. Writers are not blocked. Raises
    DatabaseUnusable, NotWritable (no room for the temporary file).
    """
    if status_of(path) is None:
        return _completed(apsw.Connection(_IN_MEMORY), EMPTY, path)
    logged = status_of(path + "-wal") is not None
    source, kind, _ = open_as_it_is(path, FLAGS | apsw.SQLITE_OPEN_URI)
    try:
        if logged:  # closing must not copy the log of another process into the database
            source.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        key = key_of_file(path)
        size = source.execute("PRAGMA main.page_count").get * source.execute("PRAGMA main.page_size").get
        if size > largest_in_memory and (key is not None or HAS_CIPHERS):
            target = _copy_to_file(source, key)
        elif key is not None:
            target = _copy_decrypted(source)
        else:
            target = _copy(source, _IN_MEMORY if size <= largest_in_memory else _UNLINKED_FILE)
    except apsw.Error as error:
        raise translate_error(error, path, reading=True) from error
    finally:
        source.close(True)
    return _completed(target, kind, path)


def _copy(source: apsw.Connection, name: str) -> apsw.Connection:
    # Hold a snapshot: otherwise every change would restart the copy.
    source.execute("BEGIN")
    target = apsw.Connection(name)
    try:
        with target.backup("main", source, "main") as backup:
            backup.step()
    except BaseException:
        target.close(True)
        raise
    return target


def _copy_decrypted(source: apsw.Connection) -> apsw.Connection:
    """Return a copy in memory, which has no key: SQLite's backup refuses between different keys."""
    name = f"file:/{os.urandom(8).hex()}?vfs=memdb"
    target = apsw.Connection(name, flags=_FLAGS)
    try:
        source.execute("VACUUM INTO ?", (f"{name}&key=",))
    except BaseException:
        target.close(True)
        raise
    return target


def _copy_to_file(source: apsw.Connection, key: tuple[str, bytes] | None) -> apsw.Connection:
    """Return a copy in a temporary file without a name, encrypted like the original. The build with ciphers
    keeps what SQLite calls a temporary file in memory."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="sloth-copy-") as directory:
        path = os.path.join(directory, "copy.db")
        source.execute("VACUUM INTO ?", (path,))
        target = connect(path, FLAGS, key)
        target.execute("PRAGMA journal_mode = MEMORY").fetchall()
    return target


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
