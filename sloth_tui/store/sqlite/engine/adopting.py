"""Open a database for writing: with our schema, created, extended or upgraded if necessary."""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from sloth_tui.agents import status_of
from sloth_tui.store.sqlite.engine import UNREADABLE, read_header
from sloth_tui.store.sqlite.engine.errors import read_only, translate_error
from sloth_tui.store.sqlite.engine.files import create_file
from sloth_tui.store.sqlite.engine.opening import (
    FLAGS,
    BusyHandler,
    check_file,
    connect,
    identity,
    make_durable,
)
from sloth_tui.store.sqlite.schema import CURRENT, OUTDATED, marked_kind
from sloth_tui.store.sqlite.schema.tables import inspect, install

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def open_adopted(
    path: str,
    new_key: tuple[str, bytes] | None = None,
    *,
    before_upgrade: Callable[[str], object] = lambda path: None,
) -> tuple[apsw.Connection, list[str] | None, tuple[int, int] | None]:
    """Return a connection to a database with our schema, created, extended or upgraded if necessary; and the
    directories created for the file, None if it existed; and the identity of the file. ``new_key``: id and
    key of one that is created; by default, the settings say whether it is encrypted.

    All of this is one transaction, except the switch to write-ahead logging, which cannot be part of one. An
    attempt that fails leaves no file. ``before_upgrade`` is called with the path before an older schema is
    upgraded; what it raises ends the attempt. Raises DatabaseUnusable, NotWritable.
    """
    made = create_file(path)
    file = identity(path)
    key_id = check_file(path)
    try:
        connection = _adopted(path, _key(path, key_id, new_key), before_upgrade)
    except BaseException:
        if made is None and identity(path) != file:
            # Encrypted or decrypted just now.
            return open_adopted(path, new_key, before_upgrade=before_upgrade)
        if made is not None:
            from sloth_tui.store.sqlite.engine.undone import take_back

            take_back(path, made)
        raise
    if identity(path) != file:
        # The process that created the file ran out of space and removed it.
        connection.close(True)
        return open_adopted(path, new_key, before_upgrade=before_upgrade)
    return connection, made, file


def _key(path: str, key_id: str | None, given: tuple[str, bytes] | None) -> tuple[str, bytes] | None:
    if key_id is not None:
        from sloth_tui.store.sqlite.keys.keyed import needed_key

        return needed_key(path, key_id)
    status = status_of(path)
    if status is not None and status.st_size:
        return None
    if given is not None:
        return given
    from sloth_tui.store.sqlite.keys.keyed import new_key

    return new_key(path)


def _adopted(
    path: str, key: tuple[str, bytes] | None, before_upgrade: Callable[[str], object]
) -> apsw.Connection:
    connection = connect(path, FLAGS, key)
    try:
        make_durable(connection)
        # Lets compaction shrink the file; has no effect if the file already has content.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        _switch_to_log(connection)
        # One that has ended, of a process that was killed while it had the database to itself.
        with suppress(OSError):
            os.unlink(path + "-journal")
        # By the marks alone: outside a transaction another process may add tables between two looks at them.
        if marked_kind(connection, path) is OUTDATED:
            before_upgrade(path)
        connection.execute("BEGIN IMMEDIATE")
        complete_schema(connection, inspect(connection, path))
        if key is not None:
            from sloth_tui.store.sqlite.keys.keyed import require_encrypted

            require_encrypted(path, read_header(path), key)
        connection.execute("COMMIT")
    except BaseException as error:
        connection.close(True)
        if isinstance(error, apsw.CantOpenError):
            raise read_only(path) from error
        if isinstance(error, UNREADABLE):
            raise translate_error(error, path) from error
        raise
    return connection


def complete_schema(connection: apsw.Connection, kind: str) -> None:
    """Create, extend or upgrade the schema of a database of this kind, inside the caller's transaction."""
    if kind is OUTDATED:
        from sloth_tui.store.sqlite.schema.upgrades import upgrade

        upgrade(connection)
    elif kind is not CURRENT:
        install(connection)


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
