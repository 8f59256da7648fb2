"""The database as a file: which files may be opened, and how a new one is created."""

from __future__ import annotations

import os
import stat
import time

import apsw

from sloth_tui.agents import status_of
from sloth_tui.errors import DatabaseUnusable, NotWritable
from sloth_tui.store.sqlite.engine.errors import not_a_database, translate_error
from sloth_tui.store.sqlite.schema import tables as schema

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_JOURNAL_HEADER = 28
_NAME_CHECKS, _NAME_CHECK_SECONDS = 20, 0.005
"""Number of checks of a file with more than one name, and the seconds between them."""
_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600


def check_path(path: str) -> None:
    """Raise DatabaseUnusable for a path that is not UTF-8, because SQLite takes no other."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise DatabaseUnusable(
            f"{path}: a path that is not UTF-8", hint="SLOTH_RUNNER_HOME can name another directory"
        ) from error


def check_file(path: str) -> None:
    """Reject, before SQLite touches it, a file that is certainly not one of our databases.

    Raises DatabaseUnusable for a link, a file that is not regular, not a SQLite database, a database of
    another application or of a newer schema, or one that lost its content. A file that never had content
    passes: every database begins as one.
    """
    status = status_of(path)
    if status is None:
        raise DatabaseUnusable(f"{path}: no longer there")
    if stat.S_ISLNK(status.st_mode):
        raise DatabaseUnusable(f"{path}: a symbolic link", hint="put the database itself there")
    if not stat.S_ISREG(status.st_mode):
        raise DatabaseUnusable(f"{path}: not a file")
    if status.st_nlink > 1 and _keeps_other_names(path):
        raise DatabaseUnusable(
            f"{path}: a hard link: the file has another name, under which it is another database",
            hint="copy it (cp) and put the copy in its place",
        )
    if not status.st_size:
        refuse_emptied(path)
        return
    try:
        header = _read_header(path)
    except apsw.Error as error:
        raise translate_error(error, path) from error
    if not header.startswith(_MAGIC):
        raise not_a_database(path)
    version = int.from_bytes(header[60:64], "big")
    application = int.from_bytes(header[68:72], "big")
    if application not in (0, schema.APPLICATION_ID):
        raise schema.foreign(path)
    if application and version > schema.VERSION:
        raise schema.newer(path, version)


def has_log(path: str) -> bool:
    """Return True if the database has a write-ahead log. Raises DatabaseUnusable if that is unknown."""
    return status_of(path + "-wal") is not None


def has_hot_journal(path: str) -> bool:
    """Return True if a writer left a rollback journal that must still be played back. A journal with an empty
    or zeroed header is finished; one that cannot be read may be hot. Raises DatabaseUnusable."""
    if status_of(path + "-journal") is None:
        return False
    header = _journal_header(path)
    return header is None or header[:1] not in (b"", b"\0")


def _keeps_other_names(path: str) -> bool:
    """Return True if a file keeps several names: it has two for a moment while a copy is put in place."""
    for _ in range(_NAME_CHECKS):
        time.sleep(_NAME_CHECK_SECONDS)
        status = status_of(path)
        if status is None or status.st_nlink == 1:
            return False
    return True


def refuse_emptied(path: str) -> None:
    """Raise DatabaseUnusable for an empty file if another file beside it shows that it once held a database.

    A first write that was killed also leaves an empty file, with a journal for a database of no pages.
    """
    witness = next((path + suffix for suffix in ("-wal", "-shm") if status_of(path + suffix)), None)
    if witness is None:
        header = _journal_header(path) if status_of(path + "-journal") else b""
        if header is not None and not int.from_bytes(header[16:20], "big"):
            return
        witness = path + "-journal"
    status = status_of(path)
    if status is None or status.st_size:
        return  # another process created it meanwhile
    raise DatabaseUnusable(
        f"{path}: damaged: it is empty, and {os.path.basename(witness)} tells that it was not",
        hint="restore it from a backup; to begin anew, remove both files",
    )


def _journal_header(path: str) -> bytes | None:
    """Return the first bytes of the journal, fewer if it is shorter; None if it cannot be read. SQLite holds
    no locks on a journal, so it may be opened and closed like any file."""
    try:
        with open(path + "-journal", "rb", buffering=0) as file:
            return file.read(_JOURNAL_HEADER) or b""
    except FileNotFoundError:
        return b""
    except OSError:
        return None


def _read_header(path: str) -> bytes:
    """Return the first bytes, read through SQLite's own file layer: opening and closing the file in any other
    way would drop the POSIX locks that this process holds on it. There, a file of one byte counts as
    empty."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_NOFOLLOW
    file = apsw.VFSFile("", path, [flags, 0])
    try:
        return file.xRead(min(_HEADER, file.xFileSize()), 0)
    finally:
        file.xClose()


def create_file(path: str) -> list[str] | None:
    """Create an empty database file and its directories, for its owner only whatever the umask.

    Return the directories that were created, outermost first; None if the file exists, and then do nothing.
    Raises NotWritable, and then leaves nothing behind.
    """
    made: list[str] = []
    try:
        _create_directories(os.path.dirname(path), made)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, _FILE_MODE)
    except FileExistsError:
        return None
    except OSError as error:
        remove_directories(made)
        raise NotWritable(f"{path}: cannot be created: {error.strerror}") from error
    try:
        os.fchmod(descriptor, _FILE_MODE)
    finally:
        os.close(descriptor)
    return made


def remove_directories(made: list[str]) -> None:
    """Remove the directories that :func:`create_file` created, except those in use by now."""
    try:
        for directory in reversed(made):
            os.rmdir(directory)
    except OSError:
        return


def _create_directories(directory: str, made: list[str]) -> None:
    if os.path.isdir(directory):
        return
    _create_directories(os.path.dirname(directory), made)
    try:
        os.mkdir(directory, _DIRECTORY_MODE)
    except FileExistsError:
        return
    made.append(directory)
    os.chmod(directory, _DIRECTORY_MODE)
