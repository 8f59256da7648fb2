"""Write a backup: complete, verified and on the disk, or not at all."""

from __future__ import annotations

import os
from contextlib import suppress

import apsw

from sloth_tui.durable import flush
from sloth_tui.errors import DatabaseDamaged
from sloth_tui.store.sqlite.engine import UNREADABLE
from sloth_tui.store.sqlite.engine.backup import write_new
from sloth_tui.store.sqlite.engine.errors import translate_error
from sloth_tui.store.sqlite.engine.opening import FLAGS, check_path, connect_to, open_as_it_is
from sloth_tui.store.sqlite.saving.checksum import SUFFIX, sha256_of, write_checksum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Progress: TypeAlias = Callable[[int, int], object]

_STEPS = 100_000
"""Instructions of SQLite between two reports: some milliseconds."""
_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_NOFOLLOW
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND rootpage"


def save(path: str, target: str, progress: Progress | None = None) -> None:
    """Write one snapshot of the whole database at ``path`` to ``target``. Writers are not blocked.

    Raises Conflict if ``target`` exists, NotWritable, DatabaseUnusable, DatabaseDamaged if what was written
    is not what it should be.
    """
    check_path(path)
    connection, _, _ = open_as_it_is(path)
    try:
        save_from(connection, path, target, progress)
    finally:
        connection.close(True)


def save_from(connection: apsw.Connection, path: str, target: str, progress: Progress | None = None) -> None:
    """As :func:`save`, through a connection that is in no transaction."""
    write_verified(target, lambda partial: vacuum_into(connection, path, partial, progress))


def write_verified(target: str, fill: Callable[[str], object]) -> None:
    """Let ``fill`` write a database to a path that it gets, check it, and give it the name ``target``, with
    its checksum beside it. Raises as :func:`save`."""
    digests: list[str] = []

    def fill_and_verify(partial: str) -> None:
        fill(partial)
        _end_log(partial)
        digests.append(_verified(partial, target))
        # First, so that no backup is ever without: a checksum without a backup says nothing.
        write_checksum(target, digests[0])

    try:
        write_new(target, fill_and_verify)
    except BaseException:
        if digests:
            with suppress(OSError):
                os.unlink(target + SUFFIX)
        raise


def vacuum_into(
    connection: apsw.Connection, path: str, partial: str, progress: Progress | None = None
) -> None:
    """Write a compact copy of one snapshot of a connection's database into an empty file, which stays
    unflushed."""
    failed: list[BaseException] = []
    if progress is not None:
        total: int = connection.execute("PRAGMA main.page_count").get
        page: int = connection.execute("PRAGMA main.page_size").get

        def report() -> bool:
            try:
                progress(min(os.stat(partial).st_size // page, total), total)
            except BaseException as error:  # noqa: BLE001 - raised again below, out of the driver's hands
                failed.append(error)
            return bool(failed)

        connection.set_progress_handler(report, _STEPS)
    durable = connection.execute("PRAGMA main.synchronous").get
    try:
        # Whoever calls flushes the copy once, when it is complete. The connection only reads meanwhile.
        connection.execute("PRAGMA main.synchronous = OFF")
        connection.execute("VACUUM main INTO ?", (partial,)).fetchall()
    except UNREADABLE as error:
        if failed:
            raise failed[0] from None
        full = isinstance(error, apsw.FullError | apsw.IOError)
        raise translate_error(error, partial if full else path) from error
    finally:
        connection.execute(f"PRAGMA main.synchronous = {durable}")
        if progress is not None:
            connection.set_progress_handler(None)
    if failed:
        raise failed[0]
    if progress is not None:
        progress(total, total)


def _end_log(path: str) -> None:
    """Make one file of a database: a backup may lie where no log can be written."""
    connection = connect_to(path, FLAGS)
    try:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    except UNREADABLE as error:
        raise translate_error(error, path) from error
    finally:
        connection.close(True)


def _verified(partial: str, target: str) -> str:
    """Flush a database to the disk, read all of it back, and return its SHA-256. Raises DatabaseDamaged."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as pool:  # all of them wait for the disk
        digest, flushed = pool.submit(sha256_of, partial), pool.submit(flush, partial)
        try:
            _check(partial)
            flushed.result()
            return digest.result()
        except UNREADABLE as error:
            raise DatabaseDamaged(
                f"{target}: what was written cannot be read back ({' '.join(str(error).split())})",
                hint="check that disk; nothing else was changed",
            ) from error


def _check(partial: str) -> None:
    """Count the rows of every table by its own pages and by its shortest index."""
    connection = connect_to(partial, _FLAGS)
    try:
        for (table,) in connection.execute(_TABLES).fetchall():
            quoted = '"' + str(table).replace('"', '""') + '"'
            one, other = (
                connection.execute(f"SELECT count(*) FROM {quoted} {how}").get for how in ("NOT INDEXED", "")
            )
            if one != other:
                raise apsw.CorruptError(f"table {table} has {one} rows, its index {other}")
    finally:
        connection.close(True)
