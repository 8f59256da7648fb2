"""Read a backup: only if it is what was saved, or at least sound."""

from __future__ import annotations

import os

import apsw

from sloth_tui.agents import status_of
from sloth_tui.durable import flush
from sloth_tui.errors import DatabaseUnusable, NotFound
from sloth_tui.store.sqlite.engine import UNREADABLE, read_header
from sloth_tui.store.sqlite.engine.backup import put_in_place
from sloth_tui.store.sqlite.engine.errors import damaged, translate_error
from sloth_tui.store.sqlite.engine.files import create_file
from sloth_tui.store.sqlite.engine.opening import FLAGS, check_path, connect_to, open_as_it_is
from sloth_tui.store.sqlite.saving.checksum import check_checksum
from sloth_tui.store.sqlite.saving.names import DAMAGED, backup_path, list_backups
from sloth_tui.store.sqlite.saving.swapping import new_path, swap
from sloth_tui.store.sqlite.saving.writing import vacuum_into
from sloth_tui.store.sqlite.schema import EMPTY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Progress: TypeAlias = Callable[[int, int], object]


def find_backup(named: str) -> str:
    """Return the path of a backup: a path, or the name of one in the directory for backups. Raises
    NotFound."""
    if os.path.lexists(named):
        return os.path.abspath(named)
    if os.sep not in named:
        for backup in list_backups():
            if os.path.basename(backup.path) == named:
                return backup.path
    raise NotFound(f"{named}: no such file", hint="state backup --list names the backups there are")


def verify(path: str) -> bool:
    """Check a backup; return True if it has a checksum, which then is right. Raises DatabaseDamaged,
    DatabaseUnusable if it is no database of ours."""
    check_path(path)
    try:
        has_checksum = check_checksum(path)
        connection, kind, _ = open_as_it_is(path)
    except apsw.Error as error:
        raise translate_error(error, path, reading=True) from error
    except OSError as error:
        raise DatabaseUnusable(f"{path}: {error.strerror}") from error
    try:
        problems = connection.execute("PRAGMA main.quick_check(1)").fetchall()
    except UNREADABLE as error:
        raise translate_error(error, path, reading=True) from error
    finally:
        connection.close(True)
    if problems != [("ok",)]:
        raise damaged(path, " ".join(str(problems[0][0]).split()))
    if kind is EMPTY:
        raise DatabaseUnusable(f"{path}: a database without tables", hint="take another backup")
    return has_checksum


def install(source: str, path: str, progress: Progress | None = None) -> None:
    """Put a copy of a backup where no database is, without the locks that were held then. Raises Conflict if
    there is one, NotWritable, DatabaseUnusable."""
    new = prepare(source, path, progress)
    try:
        put_in_place(new, path)
    finally:
        os.unlink(new)


def replace_damaged(source: str, path: str, agent: str, progress: Progress | None = None) -> str:
    """Put a copy of a backup in the place of a database that cannot be read; return the path at which that
    one is kept. Raises Conflict if a program has it open, NotWritable, DatabaseUnusable."""
    kept, new = kept_path(agent), prepare(source, path, progress)
    try:
        swap(path, new, kept)
    except BaseException:
        new_path(path)
        raise
    return kept


def kept_path(agent: str) -> str:
    """Return an unused path for a damaged database of an agent, with the backups: it is no agent."""
    directory, name = os.path.split(backup_path(agent))
    stem = f"{agent}{DAMAGED}{name.removesuffix('.db').removeprefix(agent)}"
    path, number = os.path.join(directory, stem + ".db"), 1
    while os.path.lexists(path):
        number += 1
        path = os.path.join(directory, f"{stem}-{number}.db")
    return path


def prepare(source: str, path: str, progress: Progress | None = None, *, locks: bool = False) -> str:
    """Write a copy of a backup, ready to take the place of ``path``; return the path of the copy. ``locks``:
    with those that were held then."""
    new = new_path(path)
    create_file(new)
    connection, _, _ = open_as_it_is(source)
    try:
        if not connection.execute("PRAGMA auto_vacuum").get:  # else this would change the backup
            # Lets compaction shrink the file.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        vacuum_into(connection, source, new, progress)
        _encrypt_as(path, source, new)
        if not locks:
            _forget_locks(new)
        flush(new)
    except BaseException:
        new_path(path)
        raise
    finally:
        connection.close(True)
    return new


def _encrypt_as(path: str, source: str, new: str) -> None:
    """Encrypt a copy of a backup like the database whose place it takes, or like a new one: the backup may be
    from before that was encrypted."""
    from sloth_tui.store.sqlite.keys import key_id_in

    there = status_of(path) is not None
    wanted, has = key_id_in(read_header(path)) if there else None, key_id_in(read_header(source))
    if there and (wanted is None or wanted == has):
        return
    from sloth_tui.store.sqlite.keys.keyed import change_key, needed_key, new_key, require_encrypted

    key = needed_key(path, wanted) if wanted is not None else new_key(path)
    if key is None:
        return
    connection = connect_to(new, FLAGS)
    try:
        change_key(connection, key)
    except UNREADABLE as error:
        raise translate_error(error, path) from error
    finally:
        connection.close(True)
    require_encrypted(new, read_header(new), key)


def _forget_locks(path: str) -> None:
    """Delete the locks; their tokens stay, so that the next ones are greater."""
    connection = connect_to(path, FLAGS)
    try:
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'locks' AND type = 'table'").get:
            connection.execute("DELETE FROM locks")
    except UNREADABLE as error:
        raise translate_error(error, path) from error
    finally:
        connection.close(True)
