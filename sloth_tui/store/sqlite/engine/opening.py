"""Open a database file as it is: checks of the file, then a connection.

Every command opens a database, so what only some databases need is in modules that are imported for those:
``files``, ``frozen``, ``adopting``, ``errors``.
"""

from __future__ import annotations

import os
import stat
import time

import apsw

from sloth_tui.agents import status_of
from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.sqlite import schema
from sloth_tui.store.sqlite.engine import BUSY_SECONDS, SQLITE_MAGIC, UNREADABLE, read_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.errors import SlothError

FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
_FROZEN_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_NOFOLLOW | apsw.SQLITE_OPEN_URI

_NAME_CHECKS, _NAME_CHECK_SECONDS = 20, 0.005
"""Number of checks of a file with more than one name, and the seconds between them."""
_LOG_PAGES = 4000
"""Pages of the log (16 MB at the usual page size) before a checkpoint copies it into the database. Four times
SQLite's default: the same few pages change again and again, so each is copied less often, which makes a write
a tenth cheaper."""


def check_path(path: str) -> None:
    """Raise DatabaseUnusable for a path that is not UTF-8, because SQLite takes no other."""
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise DatabaseUnusable(
            f"{path}: a path that is not UTF-8", hint="SLOTH_RUNNER_HOME can name another directory"
        ) from error


def check_file(path: str) -> str | None:
    """Reject, before SQLite touches it, a file that is certainly not one of our databases; return the id of
    the key that it is encrypted with, None if it is not.

    Raises DatabaseUnusable for a link, a file that is not regular, not a SQLite database, a database of
    another application or of a newer schema, or one that lost its content. A file that never had content
    passes: every database begins as one.
    """
    status = check_place(path)
    if not status.st_size:
        from sloth_tui.store.sqlite.engine.files import refuse_emptied

        refuse_emptied(path)
        return None
    try:
        header = read_header(path)
    except apsw.Error as error:
        raise _translated(error, path) from error
    if not header.startswith(SQLITE_MAGIC):
        from sloth_tui.store.sqlite.keys import key_id_in

        key_id = key_id_in(header)
        if key_id is not None:
            return key_id
        from sloth_tui.store.sqlite.engine.errors import not_a_database

        raise not_a_database(path)
    version = int.from_bytes(header[60:64], "big")
    application = int.from_bytes(header[68:72], "big")
    if application not in (0, schema.APPLICATION_ID):
        raise schema.foreign(path)
    if application and version > schema.VERSION:
        raise schema.newer(path, version)
    return None


def check_place(path: str) -> os.stat_result:
    """Return the status of a file that may be a database, whatever is in it. Raises DatabaseUnusable for a
    link, for what is not a file, and for none."""
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
    return status


def connect_to(path: str, flags: int) -> apsw.Connection:
    """Check a file, and return a connection to it, with its key if it is encrypted. Nothing is read yet.

    Every connection to a database that exists comes from here or from :func:`open_as_it_is`. Raises
    DatabaseUnusable, and the driver's errors.
    """
    return connect(path, flags, key_of_file(path))


def connect_anyhow(path: str, flags: int) -> apsw.Connection:
    """Like :func:`connect_to`, for a file that may be damaged: not checked, but with its key if its beginning
    says that it is encrypted. Raises DatabaseUnusable, and the driver's errors."""
    from sloth_tui.store.sqlite.keys import key_id_in

    return connect(path, flags, _key(path, key_id_in(read_header(path))))


def marked_key(path: str) -> str | None:
    """Return the id of the key that a file needs by what its beginning says; None if it says nothing of that,
    or cannot be read."""
    from sloth_tui.store.sqlite.keys import key_id_in

    try:
        return key_id_in(read_header(path))
    except apsw.Error:
        return None


def connect_like(path: str, copy: str, flags: int) -> apsw.Connection:
    """Return a connection to an empty file that is to become a copy of a database, with the same key."""
    return connect(copy, flags, key_of_file(path))


def key_of_file(path: str) -> tuple[str, bytes] | None:
    """Check a file, and return id and key that it is encrypted with; None if it is not. Raises
    DatabaseUnusable, PassphraseNeeded."""
    return _key(path, check_file(path))


def _key(path: str, key_id: str | None) -> tuple[str, bytes] | None:
    if key_id is None:
        return None
    from sloth_tui.store.sqlite.keys.keyed import needed_key

    return needed_key(path, key_id)


def open_as_it_is(path: str, flags: int = FLAGS) -> tuple[apsw.Connection, str, bool]:
    """Return a connection, with its key if the file is encrypted; the kind of the database; and True if it is
    frozen.

    SQLite reads a database in WAL mode only if it can create the log. If it may not, or has no space to, the
    file is opened as one that never changes: frozen. Raises DatabaseUnusable.
    """
    key_id = check_file(path)
    key = _key(path, key_id)
    logged = status_of(path + "-wal") is not None
    try:
        return *_inspected(path, connect(path, flags, key), logged=logged), False
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.FullError, apsw.IOError) as error:
        from sloth_tui.store.sqlite.engine.frozen import frozen_name

        name = frozen_name(path, error, key)
    except UNREADABLE as error:
        if isinstance(error, apsw.NotADBError) and check_file(path) != key_id:
            return open_as_it_is(path, flags)  # encrypted or decrypted just now
        raise _translated(error, path) from error
    try:
        return *_inspected(path, connect(name, _FROZEN_FLAGS, key), logged=False), True
    except UNREADABLE as error:
        raise _translated(error, path) from error


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


def connect(name: str, flags: int, key: tuple[str, bytes] | None = None) -> apsw.Connection:
    """Return a connection; ``key``: id and key of an encrypted database."""
    connection = apsw.Connection(name, flags=flags)
    connection.set_busy_handler(BusyHandler())
    connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    if key is not None:
        from sloth_tui.store.sqlite.keys.keyed import set_key

        try:
            set_key(connection, key)
        except BaseException:
            connection.close(True)
            raise
    return connection


def _inspected(path: str, connection: apsw.Connection, *, logged: bool) -> tuple[apsw.Connection, str]:
    """Return the connection and the kind of its database; on an error, close it without leaving files."""
    try:
        # From one snapshot, because another process may be creating or adopting the database right now.
        connection.execute("BEGIN")
        kind = schema.marked_kind(connection, path)
        if kind is None:
            from sloth_tui.store.sqlite.schema.tables import unmarked_kind

            kind = unmarked_kind(connection, path)
        connection.execute("COMMIT")
    except BaseException:
        if logged:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        connection.close(True)
        raise
    return connection, kind


def _keeps_other_names(path: str) -> bool:
    """Return True if a file keeps several names: it has two for a moment while a copy is put in place."""
    for _ in range(_NAME_CHECKS):
        time.sleep(_NAME_CHECK_SECONDS)
        status = status_of(path)
        if status is None or status.st_nlink == 1:
            return False
    return True


def _translated(error: Exception, path: str) -> SlothError:
    from sloth_tui.store.sqlite.engine.errors import translate_error

    return translate_error(error, path)
