"""A whole database as bytes, and back: for a backend that keeps it elsewhere, with a copy on this machine.

The copy is written like by any other program: in one transaction. So whoever reads it sees one snapshot or
the next, and notices the change as usual.
"""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from sloth_tui.agents import status_of
from sloth_tui.store.sqlite.engine import UNREADABLE
from sloth_tui.store.sqlite.engine.backup import put_in_place
from sloth_tui.store.sqlite.engine.errors import not_a_database, translate_error
from sloth_tui.store.sqlite.engine.files import create_file
from sloth_tui.store.sqlite.engine.opening import FLAGS, connect
from sloth_tui.store.sqlite.schema.tables import inspect

_MAGIC = b"SQLite format 3\0"
_FORMATS, _NO_LOG = slice(18, 20), b"\1\1"
"""The bytes of the header that tell whether the database has a write-ahead log, and those that deny it."""


def as_bytes(connection: apsw.Connection) -> bytes:
    """Return the database of a connection that is in no transaction."""
    data = bytearray(connection.serialize("main"))
    data[_FORMATS] = _NO_LOG
    return bytes(data)


def from_bytes(data: bytes, location: str) -> apsw.Connection:
    """Return a connection to a database in memory. Raises DatabaseUnusable for what is none of ours;
    ``location`` is for people."""
    if not data.startswith(_MAGIC):
        raise not_a_database(location)
    connection = apsw.Connection(":memory:")
    try:
        connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
        connection.deserialize("main", data[:18] + _NO_LOG + data[20:])
        inspect(connection, location)
    except BaseException as error:
        connection.close(True)
        if isinstance(error, UNREADABLE):
            raise translate_error(error, location, reading=True) from error
        raise
    return connection


def install(source: apsw.Connection, path: str, *, anew: bool) -> None:
    """Make the file at ``path`` a copy of the database of ``source``.

    ``anew``: as another file, because it is another database, or because the file may be damaged. Only one
    process may call this at a time. Raises NotWritable, DatabaseUnusable.
    """
    if not anew and status_of(path) is not None:
        try:
            _overwrite(source, path)
            return
        except apsw.Error:
            pass  # damaged, or of another page size
    _replace(source, path)


def discard(path: str) -> None:
    """Remove a copy."""
    for suffix in ("-wal", "-shm", "-journal", ""):
        with suppress(FileNotFoundError):
            os.unlink(path + suffix)


def _overwrite(source: apsw.Connection, path: str) -> None:
    target = connect(path, FLAGS)
    try:
        _copy(source, target)
    finally:
        target.close(True)


def _replace(source: apsw.Connection, path: str) -> None:
    directory, name = os.path.split(path)
    partial = os.path.join(directory, f".{name}.{os.getpid()}")
    discard(partial)
    create_file(partial)
    try:
        target = connect(partial, FLAGS)
        try:
            _copy(source, target)
            target.execute("PRAGMA journal_mode = WAL")
        finally:
            target.close(True)
        discard(path)
        put_in_place(partial, path)
    except apsw.Error as error:
        raise translate_error(error, partial) from error
    finally:
        discard(partial)


def _copy(source: apsw.Connection, target: apsw.Connection) -> None:
    # What a power cut damages is fetched again.
    target.execute("PRAGMA synchronous = OFF")
    with target.backup("main", source, "main") as backup:
        backup.step()
