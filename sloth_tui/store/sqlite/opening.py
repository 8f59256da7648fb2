"""From a file to a connection: as it is for reading, with our schema for writing."""

from __future__ import annotations

import os
import time

import apsw

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.sqlite import schema
from sloth_tui.store.sqlite.failures import BUSY_SECONDS, read_only, translate
from sloth_tui.store.sqlite.files import check_file, create_file

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
_FROZEN_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_NOFOLLOW | apsw.SQLITE_OPEN_URI

_LOG_PAGES = 4000
"""Pages of the log (16 MB of the usual size) after which it is brought into the database. Four times SQLite's
own choice: the same few pages are changed again and again, and each of them is then copied less often, which
makes a write a tenth cheaper."""


def open_as_it_is(path: str) -> tuple[apsw.Connection, str, bool]:
    """A connection, what schema the database has, and whether it is frozen.

    SQLite reads a database with a write-ahead log only where it may create that log. Where it may not and
    there is none, the file is opened as one that nobody changes: frozen. Raises DatabaseUnusable.
    """
    check_file(path)
    has_log = _has_log(path)
    try:
        return *_inspected(path, _connect(path, _FLAGS), has_log), False
    except (apsw.CantOpenError, apsw.ReadOnlyError) as error:
        if os.access(os.path.dirname(path), os.W_OK):
            raise translate(error, path) from error
        if has_log:
            hint = "it has a log, which cannot be read in a directory that is read-only"
            raise DatabaseUnusable(f"{path}: cannot be read", hint=hint) from error
    except apsw.Error as error:
        raise translate(error, path) from error
    try:
        return *_inspected(path, _connect(_frozen_name(path), _FROZEN_FLAGS), has_log), True
    except apsw.Error as error:
        raise translate(error, path) from error


def open_adopted(path: str) -> apsw.Connection:
    """A connection to a database with our schema, which is created, added or upgraded if need be.

    All in one transaction, but for the switch to write-ahead logging, which cannot be part of one.
    Raises DatabaseUnusable, NotWritable.
    """
    create_file(path)
    check_file(path)
    connection = _connect(path, _FLAGS)
    try:
        make_durable(connection)
        # So that compaction can make the file smaller; without effect where it holds something already.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _switch_to_log(connection)
        connection.execute("BEGIN IMMEDIATE")
        kind = schema.inspect(connection, path)
        if kind is schema.OLDER:
            from sloth_tui.store.sqlite.upgrades import upgrade

            upgrade(connection)
        elif kind is not schema.OURS:
            schema.install(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        connection.close(True)
        if isinstance(error, apsw.CantOpenError):
            raise read_only(path) from error
        if isinstance(error, apsw.Error):
            raise translate(error, path) from error
        raise
    return connection


def make_durable(connection: apsw.Connection) -> None:
    """An acknowledged write survives a power cut."""
    connection.execute("PRAGMA synchronous = FULL")
    connection.wal_autocheckpoint(_LOG_PAGES)


def identity(path: str) -> tuple[int, int] | None:
    """Tells a file from another one that was put in its place."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def signature(path: str) -> object:
    """What changes when a frozen database is changed after all."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino, _has_log(path)


class Patience:
    """A busy handler: naps of random length until the deadline.

    Measured against a plain timeout, exponential back-off and flock: four contending writers get fair shares
    and wait under 60 ms at worst.
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
        time.sleep(random() * 0.001)  # noqa: S311  # no secret
        return True


def _connect(name: str, flags: int) -> apsw.Connection:
    connection = apsw.Connection(name, flags=flags)
    connection.set_busy_handler(Patience())
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    return connection


def _inspected(path: str, connection: apsw.Connection, has_log: bool) -> tuple[apsw.Connection, str]:
    """The connection and its schema; where that is refused, it is closed without leaving a trace."""
    try:
        # From one snapshot, because somebody may be creating or adopting the database at this moment.
        connection.execute("BEGIN")
        kind = schema.inspect(connection, path)
        connection.execute("COMMIT")
    except BaseException:
        if has_log:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.close(True)
        raise
    return connection, kind


def _has_log(path: str) -> bool:
    return os.path.lexists(path + "-wal")


def _frozen_name(path: str) -> str:
    from urllib.parse import quote

    return f"file:{quote(os.fsencode(path))}?immutable=1"


def _switch_to_log(connection: apsw.Connection) -> None:
    """Write-ahead logging. The switch needs the file for itself, and SQLite does not always ask the busy
    handler for that."""
    patience, tries = Patience(), 0
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except apsw.BusyError:
            if not patience(tries):
                raise
            tries += 1
