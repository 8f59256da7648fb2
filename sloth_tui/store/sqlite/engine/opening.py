"""From a file to a connection: as it is for reading, with our schema for writing."""

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
    translate,
    unreadable,
)
from sloth_tui.store.sqlite.engine.files import check_file, create_file, has_hot_journal, has_log
from sloth_tui.store.sqlite.schema import tables as schema

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
_FROZEN_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_NOFOLLOW | apsw.SQLITE_OPEN_URI

_LOG_IN_READ_ONLY = "it has a log, which cannot be read in a directory that is read-only"
_LOG_IN_FULL = "it has a log, which takes some room to read: make room on that disk"
_JOURNAL = "a writer left it half written: to read it as who may write there puts it right"

_LOG_PAGES = 4000
"""Pages of the log (16 MB of the usual size) after which it is brought into the database. Four times SQLite's
own choice: the same few pages are changed again and again, and each of them is then copied less often, which
makes a write a tenth cheaper."""


def open_as_it_is(path: str) -> tuple[apsw.Connection, str, bool]:
    """A connection, what schema the database has, and whether it is frozen.

    SQLite reads a database with a write-ahead log only where it may create that log. Where it may not, or
    has no room to, the file is opened as one that nobody changes: frozen. That is right only where there is
    neither a log nor a journal that has to be played back first. Raises DatabaseUnusable.
    """
    check_file(path)
    logged = has_log(path)
    try:
        return *_inspected(path, _connect(path, _FLAGS), logged), False
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.FullError, apsw.IOError) as error:
        if shortage.lacks_files():
            raise translate(error, path) from error
        crowded = no_room(error, path)
        if crowded:
            _end_log(path)
        if has_log(path):
            raise unreadable(path, _LOG_IN_FULL if crowded else _LOG_IN_READ_ONLY) from error
        if has_hot_journal(path):
            raise unreadable(path, _JOURNAL) from error
        if not crowded and os.access(os.path.dirname(path), os.W_OK):
            raise translate(error, path, reading=True) from error
    except UNREADABLE as error:
        raise translate(error, path) from error
    try:
        return *_inspected(path, _connect(_frozen_name(path), _FROZEN_FLAGS), False), True
    except UNREADABLE as error:
        raise translate(error, path) from error


def open_adopted(path: str) -> tuple[apsw.Connection, list[str] | None]:
    """A connection to a database with our schema, which is created, added or upgraded if need be; and, where
    the file was not there, the directories that were made for it.

    All in one transaction, but for the switch to write-ahead logging, which cannot be part of one. What
    cannot be finished leaves no file. Raises DatabaseUnusable, NotWritable.
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
        # Who made the file had no room for more and took it back.
        connection.close(True)
        return open_adopted(path)
    return connection, made


def _adopted(path: str) -> apsw.Connection:
    connection = _connect(path, _FLAGS)
    try:
        make_durable(connection)
        # So that compaction can make the file smaller; without effect where it holds something already.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _switch_to_log(connection)
        connection.execute("BEGIN IMMEDIATE")
        kind = schema.inspect(connection, path)
        if kind is schema.OLDER:
            from sloth_tui.store.sqlite.schema.upgrades import upgrade

            upgrade(connection)
        elif kind is not schema.OURS:
            schema.install(connection)
        connection.execute("COMMIT")
    except BaseException as error:
        connection.close(True)
        if isinstance(error, apsw.CantOpenError):
            raise read_only(path) from error
        if isinstance(error, UNREADABLE):
            raise translate(error, path) from error
        raise
    return connection


def make_durable(connection: apsw.Connection) -> None:
    """An acknowledged write survives a power cut; what is deleted or overwritten leaves no trace."""
    connection.execute("PRAGMA synchronous = FULL")
    # The cheaper FAST would leave what stood in whole pages that are free now: that of long values.
    connection.execute("PRAGMA secure_delete = ON")
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
    beside = [os.path.lexists(path + suffix) for suffix in ("-wal", "-journal")]
    return status.st_mtime_ns, status.st_size, status.st_ino, *beside


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


def _inspected(path: str, connection: apsw.Connection, logged: bool) -> tuple[apsw.Connection, str]:
    """The connection and its schema; where that is refused, it is closed without leaving a trace."""
    try:
        # From one snapshot, because somebody may be creating or adopting the database at this moment.
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
    """Bring the log into the database and remove it, if that takes no room and nobody else has it open. An
    attempt to read may have left an empty one."""
    try:
        connection = apsw.Connection(path, flags=_FLAGS)
        try:
            connection.set_busy_timeout(0)
            # Alone, SQLite keeps the index of a log in its own memory: that of others takes room on the disk.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
            os.unlink(path + "-shm")
        finally:
            connection.close(True)
    except (apsw.Error, OSError):
        return  # what is left is told by who looks for a log


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
