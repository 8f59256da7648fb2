"""Databases as a whole: making an empty one, copying one, taking one away.

All of it goes through SQLite's own file layer: to open and close a database file in any other way would drop
the POSIX locks that this process holds on it.
"""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from sloth_tui.errors import Conflict, NotWritable
from sloth_tui.store.sqlite.engine.errors import translate
from sloth_tui.store.sqlite.engine.files import check_file, check_path, create_file, remove_directories
from sloth_tui.store.sqlite.engine.opening import open_adopted, open_as_it_is

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Progress: TypeAlias = "Callable[[int, int], object]"
    """Is told how many pages are done, of how many; what it raises ends the work without a trace."""

_STEP = 1000
"""Pages copied at once: a few milliseconds."""
_PATIENCE = 2000
"""Milliseconds that others have to let go of a database that is to be taken away."""
_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW


def create(path: str) -> None:
    """An empty database. Raises Conflict where something is there, NotWritable, DatabaseUnusable."""
    check_path(path)
    refuse_existing(path)
    open_adopted(path)[0].close()


def copy(path: str, target: str, progress: Progress | None = None) -> None:
    """Write a copy of the whole database, as it is at one moment, to ``target``; writers go on meanwhile.

    It is there wholly or not at all. Raises Conflict where something is there, NotWritable, DatabaseUnusable.
    """
    check_path(path)
    connection, _, _ = open_as_it_is(path)
    try:
        # A snapshot: otherwise the copy would begin anew with every change somebody makes.
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        _copy_from(connection, path, target, progress)
    except apsw.Error as error:
        raise translate(error, path) from error
    finally:
        connection.close(True)


def remove(path: str, backup: str, progress: Progress | None = None) -> None:
    """Take the database away, after a copy of it is safe at ``backup``.

    Raises Conflict where another connection has it open, as far as can be told (then nothing happens), or
    where something is at ``backup``; NotWritable, DatabaseUnusable.
    """
    check_path(path)
    check_file(path)
    connection = apsw.Connection(path, flags=_FLAGS)
    try:
        _seize(connection, path)
        _copy_from(connection, path, backup, progress)
        try:
            os.unlink(path)
        except OSError as error:
            raise NotWritable(f"{path}: cannot be deleted: {error.strerror}") from error
    finally:
        connection.close(True)
    for suffix in ("-wal", "-shm", "-journal"):
        with suppress(OSError):
            os.unlink(path + suffix)
    _sync_directory(path)


def refuse_existing(path: str) -> None:
    if os.path.lexists(path):
        raise Conflict(f"{path}: exists already", hint="nothing was written")


def _seize(connection: apsw.Connection, path: str) -> None:
    """Have the database alone until the connection is closed."""
    connection.set_busy_timeout(_PATIENCE)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        # Only who has it open alone can end its write-ahead log.
        mode = connection.execute("PRAGMA journal_mode = DELETE").get
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except (apsw.BusyError, apsw.LockedError) as error:
        raise _in_use(path) from error
    except apsw.Error as error:
        raise translate(error, path) from error
    if mode != "delete":
        raise _in_use(path)


def _in_use(path: str) -> Conflict:
    return Conflict(f"{path}: another program has it open", hint="end that first; nothing was deleted")


def _copy_from(source: apsw.Connection, path: str, target: str, progress: Progress | None) -> None:
    refuse_existing(target)
    directory, name = os.path.split(target)
    # No name an agent may have, so that nobody takes it for a database before it is whole.
    partial = os.path.join(directory, f".{name}.{os.getpid()}")
    with suppress(OSError):
        os.unlink(partial)
    made = create_file(partial)
    try:
        _fill(partial, source, path, progress)
        _put_in_place(partial, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(partial)
        remove_directories(made or [])
        raise
    with suppress(FileNotFoundError):
        os.unlink(partial)
    _sync_directory(target)


def _fill(partial: str, source: apsw.Connection, path: str, progress: Progress | None) -> None:
    destination = apsw.Connection(partial, flags=_FLAGS)
    try:
        destination.execute("PRAGMA synchronous = FULL")
        with destination.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_STEP)
                if progress is not None:
                    progress(backup.page_count - backup.remaining, backup.page_count)
    except apsw.Error as error:
        full = isinstance(error, apsw.FullError | apsw.IOError)
        raise translate(error, partial if full else path) from error
    finally:
        destination.close(True)
        for suffix in ("-wal", "-shm", "-journal"):
            with suppress(OSError):
                os.unlink(partial + suffix)


def _put_in_place(partial: str, target: str) -> None:
    """Never replaces what is there."""
    try:
        os.link(partial, target)
    except FileExistsError:
        refuse_existing(target)
    except OSError as error:
        # A file system without hard links.
        refuse_existing(target)
        try:
            os.rename(partial, target)
        except OSError:
            raise NotWritable(f"{target}: cannot be created: {error.strerror}") from error


def _sync_directory(path: str) -> None:
    """Have the names of a directory survive a power cut."""
    with suppress(OSError):
        descriptor = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
