"""Open a database file: as it is for reading, with our schema for writing."""

from __future__ import annotations

import os
import time

import apsw

from sloth_tui import shortage
from sloth_tui.store.sqlite.engine.errors import (
    BUSY_SECONDS,
    UNREADABLE,
    no_room,
    read_only,
    translate_error,
    unreadable,
)
from sloth_tui.store.sqlite.engine.files import check_file, create_file, has_hot_journal, has_log
from sloth_tui.store.sqlite.schema import tables as schema

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
_FROZEN_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_NOFOLLOW | apsw.SQLITE_OPEN_URI

_LOG_IN_READ_ONLY = "it has a log, which cannot be read in a directory that is read-only"
_LOG_IN_FULL = "it has a log, which takes some room to read: "
_JOURNAL = "a writer left it half written: to read it as who may write there puts it right"

_LOG_PAGES = 4000
"""Pages of the log (16 MB at the usual page size) before a checkpoint copies it into the database. Four times
SQLite's default: the same few pages change again and again, so each is copied less often, which makes a write
a tenth cheaper."""


def open_as_it_is(path: str) -> tuple[apsw.Connection, str, bool]:
    """Return a connection, the kind of the database, and True if it is frozen.

    SQLite reads a database in WAL mode only if it can create the log. If it may not, or has no space to, the
    file is opened as one that never changes: frozen. That is correct only if there is neither a log nor a
    journal that must be played back first. Raises DatabaseUnusable.
    """
    check_file(path)
    logged = has_log(path)
    try:
        return *_inspected(path, _connect(path, _FLAGS), logged), False
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.FullError, apsw.IOError) as error:
        if shortage.is_out_of_files():
            raise translate_error(error, path) from error
        crowded = no_room(error, path)
        if crowded:
            _end_log(path)
        if has_log(path):
            remedy = shortage.too_large_files() or "make room on that disk"
            raise unreadable(path, _LOG_IN_FULL + remedy if crowded else _LOG_IN_READ_ONLY) from error
        if has_hot_journal(path):
            raise unreadable(path, _JOURNAL) from error
        if not crowded and os.access(os.path.dirname(path), os.W_OK):
            raise translate_error(error, path, reading=True) from error
    except UNREADABLE as error:
        raise translate_error(error, path) from error
    try:
        return *_inspected(path, _connect(_frozen_name(path), _FROZEN_FLAGS), False), True
    except UNREADABLE as error:
        raise translate_error(error, path) from error


def open_adopted(path: str) -> tuple[apsw.Connection, list[str] | None]:
    """Return a connection to a database with our schema, created, extended or upgraded if necessary; and the
    directories created for the file, None if it existed.

    All of this is one transaction, except the switch to write-ahead logging, which cannot be part of one. An
    attempt that fails leaves no file. Raises DatabaseUnusable, NotWritable.
    """
    made = create_file(path)
    check_file(path)
    file = identity(path)
    try:
        connection = _adopted(path)
    except BaseException:
        if made is not None:
            from sloth_tui.store.sqlite.engine.undone import take_back

            take_back(path, made)
        raise
    if identity(path) != file:
        # The process that created the file ran out of space and removed it.
        connection.close(True)
        return open_adopted(path)
    return connection, made


def _adopted(path: str) -> apsw.Connection:
    connection = _connect(path, _FLAGS)
    try:
        make_durable(connection)
        # Lets compaction shrink the file; has no effect if the file already has content.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _switch_to_log(connection)
        connection.execute("BEGIN IMMEDIATE")
        kind = schema.inspect(connection, path)
        if kind is schema.OUTDATED:
            from sloth_tui.store.sqlite.schema.upgrades import upgrade

            upgrade(connection)
        elif kind is not schema.CURRENT:
            schema.install(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        connection.close(True)
        if isinstance(error, apsw.CantOpenError):
            raise read_only(path) from error
        if isinstance(error, UNREADABLE):
            raise translate_error(error, path) from error
        raise
    return connection


def make_durable(connection: apsw.Connection) -> None:
    """Make acknowledged writes survive a power cut, and deleted or overwritten data leave no trace."""
    connection.execute("PRAGMA synchronous = FULL")
    # The cheaper FAST would leave data in pages that are entirely free now: that of long values.
    connection.execute("PRAGMA secure_delete = ON")
    connection.wal_autocheckpoint(_LOG_PAGES)


def identity(path: str) -> tuple[int, int] | None:
    """Return a value that changes if the file is replaced by another; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def signature(path: str) -> object:
    """Return a value that changes if a frozen database is changed after all."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    beside = [os.path.lexists(path + suffix) for suffix in ("-wal", "-journal")]
    return status.st_mtime_ns, status.st_size, status.st_ino, *beside


class BusyHandler:
    """A busy handler that sleeps for random times until the deadline.

    Compared with a plain timeout, exponential back-off and flock: four competing writers get fair shares and
    wait under 60 ms at worst.
    """

    __slots__ = ("_deadline",)

    def __init__(self) -> None:
        self._deadline = 0.0

    def __call__(self, tries: int) -> bool:
        from random import random

        now = time.monotonic()
        if tries == 0:
            self._deadline = now + BUSY_SECONDS
        elif now > self._deadline:
            return False
        time.sleep(random() * 0.001)  # noqa: S311  # not for security
        return True


def _connect(name: str, flags: int) -> apsw.Connection:
    connection = apsw.Connection(name, flags=flags)
    connection.set_busy_handler(BusyHandler())
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    return connection


def _inspected(path: str, connection: apsw.Connection, logged: bool) -> tuple[apsw.Connection, str]:
    """Return the connection and the kind of its database; on an error, close it without leaving files."""
    try:
        # From one snapshot, because another process may be creating or adopting the database right now.
        connection.execute("BEGIN")
        kind = schema.inspect(connection, path)
        connection.execute("COMMIT")
    except BaseException:
        if logged:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.close(True)
        raise
    return connection, kind


def _end_log(path: str) -> None:
    """Copy the log into the database and remove it, if that takes no space and no other process has it open.
    A failed read may have left an empty log."""
    try:
        connection = apsw.Connection(path, flags=_FLAGS)
        try:
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


def _frozen_name(path: str) -> str:
    from urllib.parse import quote

    return f"file:{quote(os.fsencode(path))}?immutable=1"


def _switch_to_log(connection: apsw.Connection) -> None:
    """Switch to write-ahead logging. The switch needs exclusive access, and SQLite does not always call the
    busy handler for it."""
    patience, tries = BusyHandler(), 0
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except apsw.BusyError:
            if not patience(tries):
                raise
            tries += 1
