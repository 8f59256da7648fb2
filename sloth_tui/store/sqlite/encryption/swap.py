"""Put a copy of a database that is encrypted otherwise in its place.

The database is locked for all others from before the copy is begun until the copy has its name, so nothing
can be written between. A process that is killed leaves the old one or the new one.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

import apsw

from sloth_tui.durable import flush, flush_name
from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.sqlite.encryption.holders import refuse_holders
from sloth_tui.store.sqlite.engine import UNREADABLE, read_header
from sloth_tui.store.sqlite.engine.backup import seize
from sloth_tui.store.sqlite.engine.errors import translate_error
from sloth_tui.store.sqlite.engine.files import create_file
from sloth_tui.store.sqlite.engine.opening import FLAGS, check_path, connect, connect_to, identity
from sloth_tui.store.sqlite.engine.undone import discard_new, new_path
from sloth_tui.store.sqlite.keys.keyed import require_encrypted, target

_CHECKS = ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_schema")
_WRITE_FORMAT, _WITH_LOG = 18, b"\2"
"""The byte of the header, never encrypted, that tells whether there is a write-ahead log."""


def swap(path: str, key: tuple[str, bytes] | None) -> None:
    """Encrypt the database with this id and key, whatever it was encrypted with; None: decrypt it.

    Raises Conflict if another program has it open, DatabaseUnusable, NotWritable; then nothing was changed.
    """
    check_path(path)
    logged = read_header(path)[_WRITE_FORMAT:][:1] == _WITH_LOG
    connection = connect_to(path, FLAGS | apsw.SQLITE_OPEN_URI)
    new = new_path(path)
    begun = None
    try:
        if create_file(new) is not None:  # from now on the next start knows that there may be some to clear
            begun = identity(new)
        seize(connection, path, "changed")
        if not logged:  # with a log, whoever has read anything holds a lock
            refuse_holders(path)
        discard_new(path)
        create_file(new)
        begun = identity(new)
        _copy(connection, path, new, key)
        _check(connection, path, new, key, logged=logged)
        _keep_owner(path, new)
        flush(new)
        os.rename(new, path)
        flush_name(path)
    except OSError as error:
        raise translate_error(apsw.IOError(error.strerror or str(error)), path) from error
    finally:
        if begun is not None and identity(new) == begun:  # and not of one who has the database locked now
            discard_new(path)
        connection.close(True)


def _copy(source: apsw.Connection, path: str, new: str, key: tuple[str, bytes] | None) -> None:
    failure: Exception | None = None
    try:
        source.execute("VACUUM INTO ?", (target(new, key),)).fetchall()
    except UNREADABLE as error:
        failure = error
    if failure is not None:
        # Not chained: the driver's message may hold the name of the target, and that the key.
        told = translate_error(failure, path)
        raise told if "key=" not in told.message else DatabaseUnusable(f"{path}: cannot be copied")


def _check(
    source: apsw.Connection, path: str, new: str, key: tuple[str, bytes] | None, *, logged: bool
) -> None:
    """See that the copy can be read, and with its key alone; give it a log if the original had one."""
    if key is not None:
        require_encrypted(new, read_header(new), key)
    wanted = [source.execute(check).get for check in _CHECKS]
    copy = connect(new, FLAGS, key)
    try:
        found = [copy.execute(check).get for check in _CHECKS]
        if logged:
            copy.execute("PRAGMA journal_mode = WAL").fetchall()
    finally:
        copy.close(True)
    if found != wanted:
        raise DatabaseUnusable(f"{path}: the copy differs from it", hint="nothing was changed")


def _keep_owner(path: str, new: str) -> None:
    """Let root encrypt a database for the user whose it is."""
    status = os.stat(path)
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(OSError):
            os.chown(new, status.st_uid, status.st_gid)
    os.chmod(new, stat.S_IMODE(status.st_mode) & 0o600 | 0o600)
