"""The database as a file: what may be opened, and how a new one comes to be."""

from __future__ import annotations

import os
import stat

import apsw

from sloth_tui.errors import DatabaseUnusable, NotWritable
from sloth_tui.store.sqlite import schema
from sloth_tui.store.sqlite.failures import not_a_database, translate

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
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

    Raises DatabaseUnusable for a symlink, what is no plain file, no SQLite database, one of another
    application or of a newer schema. An empty file passes: that is how a database begins.
    """
    status = os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        raise DatabaseUnusable(f"{path}: a symbolic link", hint="put the database itself there")
    if not stat.S_ISREG(status.st_mode):
        raise DatabaseUnusable(f"{path}: not a file")
    if not status.st_size:
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


def _read_header(path: str) -> bytes:
    """The first bytes, read through SQLite's own file layer: to open and close the file in any other way
    would drop the POSIX locks that this process holds on it. A file of one byte counts as empty there."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_NOFOLLOW
    file = apsw.VFSFile("", path, [flags, 0])
    try:
        return file.xRead(min(_HEADER, file.xFileSize()), 0)
    finally:
        file.xClose()


def create_file(path: str) -> None:
    """An empty database file and the directories above it, for its owner only whatever the umask.

    Does nothing if it is there already. Raises NotWritable.
    """
    try:
        _create_directories(os.path.dirname(path))
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, _FILE_MODE)
    except FileExistsError:
        return
    except OSError as error:
        raise NotWritable(f"{path}: cannot be created: {error.strerror}") from error
    try:
        os.fchmod(descriptor, _FILE_MODE)
    finally:
        os.close(descriptor)


def _create_directories(directory: str) -> None:
    if os.path.isdir(directory):
        return
    _create_directories(os.path.dirname(directory))
    try:
        os.mkdir(directory, _DIRECTORY_MODE)
    except FileExistsError:
        return
    os.chmod(directory, _DIRECTORY_MODE)
