"""Entries of any database that this program or the original one wrote, read from a private copy."""

from __future__ import annotations

from contextlib import closing

import apsw

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.sqlite.engine import MISFITS, UNREADABLE
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.engine.errors import translate_error
from sloth_tui.store.sqlite.engine.opening import check_file, check_path, connect
from sloth_tui.store.sqlite.entries.reading import EntryReading
from sloth_tui.store.sqlite.sql.rows import TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from sloth_tui.model import Value

    Item: TypeAlias = "tuple[str | bytes, Value, float | None]"

_FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
_TABLES = "SELECT lower(name) FROM sqlite_schema WHERE type = 'table'"
_OLDER = "state_data"
_COLUMNS = "SELECT lower(name) FROM pragma_table_info('state_data')"
_PAGES = 1000
# The original writes times with what its language prints after them.
_EXPIRES = f"coalesce({TIME.format('expires_at')}, unixepoch(substr(expires_at, 1, 19)))"
_READ = "SELECT CAST(key AS BLOB), CAST(value AS BLOB), {} FROM state_data WHERE key IS NOT NULL ORDER BY key"


def read(path: str) -> Iterator[Item]:
    """Yield (key, value, unix seconds at which it is gone or None) in key order. Values of the older
    generation are text. Raises DatabaseUnusable."""
    check_path(path)
    check_file(path)
    if not _is_older(path):
        with closing(EntryReading("", Database(path, private=True))) as store:
            for entry in store.entries():
                yield _key(entry.key.encode("utf-8", "surrogateescape")), entry.value, None
        return
    with closing(_copy(path)) as copy:
        try:
            has_times = "expires_at" in {name for (name,) in copy.execute(_COLUMNS)}
            for key, value, expires_at in copy.execute(_READ.format(_EXPIRES if has_times else "NULL")):
                yield _key(key), _text(value), expires_at
        except (*UNREADABLE, *MISFITS) as error:
            raise translate_error(error, path, reading=True) from error


def _is_older(path: str) -> bool:
    """Return True for a database of the older generation. Raises DatabaseUnusable for one without either."""
    try:
        with closing(connect(path, _FLAGS)) as connection:
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            tables = {name for (name,) in connection.execute(_TABLES)}
    except UNREADABLE as error:
        raise translate_error(error, path, reading=True) from error
    if "state" not in tables and _OLDER not in tables:
        raise DatabaseUnusable(
            f"{path}: a database without state: neither a table 'state' nor '{_OLDER}'",
            hint="nothing was changed",
        )
    return "state" not in tables


def _copy(path: str) -> apsw.Connection:
    copy = apsw.Connection("")  # in memory while it is small, else a file without a name
    try:
        with closing(connect(path, _FLAGS)) as source:
            source.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            with copy.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(_PAGES)
    except apsw.Error as error:
        copy.close(True)
        raise translate_error(error, path, reading=True) from error
    return copy


def _key(stored: bytes) -> str | bytes:
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored


def _text(stored: bytes | None) -> Value:
    if stored is None:
        return ""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return stored
