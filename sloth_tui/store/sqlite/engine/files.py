"""The database as a file: what may be opened, and how a new one comes to be."""

from __future__ import annotations

import os
import stat
import time

import apsw

from sloth_tui.agents import status_of
from sloth_tui.errors import DatabaseUnusable, NotWritable
from sloth_tui.store.sqlite.engine.errors import not_a_database, translate
from sloth_tui.store.sqlite.schema import tables as schema

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_JOURNAL_HEADER = 28
_LOOKS, _MOMENT = 20, 0.005
"""How often, and how many seconds apart, a file is looked at that has more than one name."""
_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600


def check_path(path: str) -> None:
    """Raise DatabaseUnusable for a path that SQLite, which takes only UTF-8, cannot be given."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise DatabaseUnusable(
            f"{path}: a path that is no UTF-8", hint="SLOTH_RUNNER_HOME can name another directory"
        ) from error


def check_file(path: str) -> None:
    """Refuse, before SQLite touches anything, what is certainly no database of ours.

    Raises DatabaseUnusable for a link, what is no plain file, no SQLite database, one of another application
    or of a newer schema, one that lost its content. A file that never had content passes: that is how a
    database begins.
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
        raise translate(error, path) from error
    if not header.startswith(_MAGIC):
        raise not_a_database(path)
    version = int.from_bytes(header[60:64], "big")
    application = int.from_bytes(header[68:72], "big")
    if application not in (0, schema.APPLICATION_ID):
        raise schema.foreign(path)
    if application and version > schema.VERSION:
        raise schema.newer(path, version)


def has_log(path: str) -> bool:
    """Whether the database has a write-ahead log. Raises DatabaseUnusable where that cannot be told."""
    return status_of(path + "-wal") is not None


def has_hot_journal(path: str) -> bool:
    """Whether a writer left a rollback journal behind that has yet to be played back. One of which the header
    is empty or zeroed is done with; one that cannot be read may be hot. Raises DatabaseUnusable."""
    if status_of(path + "-journal") is None:
        return False
    header = _journal_header(path)
    return header is None or header[:1] not in (b"", b"\0")


def _keeps_other_names(path: str) -> bool:
    """Whether a file still has several names in a moment: while a copy is put in its place it has two."""
    for _ in range(_LOOKS):
        time.sleep(_MOMENT)
        status = status_of(path)
        if status is None or status.st_nlink == 1:
            return False
    return True


def refuse_emptied(path: str) -> None:
    """Raise DatabaseUnusable for an empty file beside which something tells that there was a database in it.

    A first write that was killed leaves an empty file too, and a journal that begins with no page.
    """
    witness = next((path + suffix for suffix in ("-wal", "-shm") if status_of(path + suffix)), None)
    if witness is None:
        header = _journal_header(path) if status_of(path + "-journal") else b""
        if header is not None and not int.from_bytes(header[16:20], "big"):
            return
        witness = path + "-journal"
    status = status_of(path)
    if status is None or status.st_size:
        return  # somebody made it meanwhile
    raise DatabaseUnusable(
        f"{path}: damaged: it is empty, and {os.path.basename(witness)} tells that it was not",
        hint="restore it from a backup; to begin anew, remove both files",
    )


def _journal_header(path: str) -> bytes | None:
    """The first bytes of the journal, fewer where it is shorter; None where it cannot be read. SQLite holds
    no locks on a journal, so that it may be opened and closed like any file."""
    try:
        with open(path + "-journal", "rb", buffering=0) as file:
            return file.read(_JOURNAL_HEADER) or b""
    except FileNotFoundError:
        return b""
    except OSError:
        return None


def _read_header(path: str) -> bytes:
    """The first bytes, read through SQLite's own file layer: to open and close the file in any other way
    would drop the POSIX locks that this process holds on it. A file of one byte counts as empty there."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_NOFOLLOW
    file = apsw.VFSFile("", path, [flags, 0])
    try:
        return file.xRead(min(_HEADER, file.xFileSize()), 0)
    finally:
        file.xClose()


def create_file(path: str) -> list[str] | None:
    """An empty database file and the directories above it, for its owner only whatever the umask.

    Returns the directories that were made, the uppermost first; None where the file is there already: then
    nothing is done. Raises NotWritable, and leaves nothing.
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
    """Take back what :func:`create_file` made, but for what somebody uses by now."""
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
