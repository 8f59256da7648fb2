"""Operations on whole databases: create an empty one, copy one, remove one.

All of them use SQLite's own file layer: opening and closing a database file in any other way would drop the
POSIX locks that this process holds on it.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

import apsw

from sloth_tui.durable import flush_name
from sloth_tui.errors import Conflict, NotWritable
from sloth_tui.store.sqlite.engine.adopting import open_adopted
from sloth_tui.store.sqlite.engine.errors import translate_error
from sloth_tui.store.sqlite.engine.files import PARTIAL, abandoned, create_file, remove_directories
from sloth_tui.store.sqlite.engine.opening import check_path, connect_like, connect_to, open_as_it_is

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Progress: TypeAlias = "Callable[[int, int], object]"
    """Called with (pages done, total); an exception that it raises ends the work, which leaves nothing
    behind."""

_PAGES_PER_STEP = 1000
"""Pages copied at once: a few milliseconds."""
_SEIZE_SECONDS, _SEIZE_RETRY_SECONDS = 2.0, 0.003
"""Time that other programs get to close a database that is to be removed or replaced. SQLite does not always
wait by itself for the end of a log."""
_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW


def create(path: str) -> None:
    """Create an empty database. Raises Conflict if the file exists, NotWritable, DatabaseUnusable."""
    check_path(path)
    refuse_existing(path)
    open_adopted(path)[0].close()


def copy(path: str, target: str, progress: Progress | None = None) -> None:
    """Write a copy of one snapshot of the whole database to ``target``. Writers are not blocked.

    The copy is complete or does not exist. Raises Conflict if ``target`` exists, NotWritable,
    DatabaseUnusable.
    """
    check_path(path)
    connection, _, _ = open_as_it_is(path)
    try:
        # Hold a snapshot: otherwise every change would restart the copy.
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        write_new(target, lambda partial: _fill(partial, connection, path, progress))
    except apsw.Error as error:
        raise translate_error(error, path) from error
    finally:
        connection.close(True)


def remove(path: str, save: Callable[[apsw.Connection], object]) -> None:
    """Delete the database, after ``save`` has made a backup of it through the connection that it gets.

    Raises Conflict if another connection is known to have it open, and the errors of ``save``; then nothing
    is deleted. Raises NotWritable, DatabaseUnusable.
    """
    check_path(path)
    connection = connect_to(path, _FLAGS)
    try:
        seize(connection, path, "deleted")
        save(connection)
        try:
            os.unlink(path)
        except OSError as error:
            raise NotWritable(f"{path}: cannot be deleted: {error.strerror}") from error
    finally:
        connection.close(True)
    for suffix in ("-wal", "-shm", "-journal"):
        with suppress(OSError):
            os.unlink(path + suffix)
    flush_name(path)


def refuse_existing(path: str) -> None:
    """Raise Conflict if there is anything at a path."""
    if os.path.lexists(path):
        raise Conflict(f"{path}: exists already", hint="nothing was written")


def seize(connection: apsw.Connection, path: str, done: str) -> None:
    """Lock out all other connections until this one is closed, and end the write-ahead log.

    Raises Conflict if another one keeps the database open: then nothing was ``done``.
    """
    connection.set_busy_timeout(0)
    deadline = time.monotonic() + _SEIZE_SECONDS
    while True:
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            # Only a connection that has the database to itself can end its write-ahead log.
            mode = connection.execute("PRAGMA journal_mode = DELETE").get
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except (apsw.BusyError, apsw.LockedError) as error:
            failure: Exception | None = error
        except apsw.Error as error:
            raise translate_error(error, path) from error
        else:
            failure = None
            if mode == "delete":
                break
        if time.monotonic() > deadline:
            raise in_use(path, done) from failure
        time.sleep(_SEIZE_RETRY_SECONDS)
    # It has ended, but stays in this mode.
    with suppress(OSError):
        os.unlink(path + "-journal")


def in_use(path: str, done: str) -> Conflict:
    return Conflict(f"{path}: another program has it open", hint=f"end that first; nothing was {done}")


def write_new(target: str, fill: Callable[[str], None]) -> None:
    """Let ``fill`` write a database to the path that it gets, where there is an empty file, and then give
    that the name ``target``. The file is complete or does not exist. Raises Conflict if ``target`` exists,
    and NotWritable."""
    refuse_existing(target)
    directory, name = os.path.split(target)
    # Not a valid agent name, so that no program takes it for a database before it is complete.
    partial = os.path.join(directory, f".{name}.{os.getpid()}{PARTIAL}")
    for left in [partial, *abandoned(directory)]:
        with suppress(OSError):
            os.unlink(left)
    made = create_file(partial)
    try:
        fill(partial)
        put_in_place(partial, target)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(partial)
        remove_directories(made or [])
        raise
    with suppress(FileNotFoundError):
        os.unlink(partial)
    flush_name(target)


def _fill(partial: str, source: apsw.Connection, path: str, progress: Progress | None) -> None:
    destination = connect_like(path, partial, _FLAGS)
    try:
        destination.execute("PRAGMA synchronous = FULL")
        with destination.backup("main", source, "main") as backup:
            while not backup.done:
                backup.step(_PAGES_PER_STEP)
                if progress is not None:
                    progress(backup.page_count - backup.remaining, backup.page_count)
    except apsw.Error as error:
        full = isinstance(error, apsw.FullError | apsw.IOError)
        raise translate_error(error, partial if full else path) from error
    finally:
        destination.close(True)
        for suffix in ("-wal", "-shm", "-journal"):
            with suppress(OSError):
                os.unlink(partial + suffix)


def put_in_place(partial: str, target: str) -> None:
    """Give the complete copy its name; never replace an existing file."""
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
