"""The log of locks: a row for each acquisition by this program, written with the change that it is about.

The first acquisition makes the table, since most databases hold no locks. What the log cannot take, the lock
goes without.
"""

from __future__ import annotations

import apsw

from sloth_tui.store.sqlite.sql.keys import KEY
from sloth_tui.values.codec import decode_key, key_bytes
from sloth_tui.values.render import compact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sloth_tui.model import Lock, LockUse
    from sloth_tui.store.sqlite.engine.database import Database

RELEASED, BROKEN = "released", "broken"
_KEPT = 1000
_CREATE = """CREATE TABLE IF NOT EXISTS sloth_lock_log (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, holder TEXT NOT NULL, token INTEGER NOT NULL,
    at REAL NOT NULL, until REAL NOT NULL, tied INTEGER NOT NULL, renewals INTEGER NOT NULL DEFAULT 0,
    renewed_at REAL, ended_at REAL, how TEXT, who TEXT, ended_by TEXT)"""
_BEGUN = f"""INSERT INTO sloth_lock_log (name, holder, token, at, until, tied, who)
    VALUES ({KEY}, {KEY}, ?, ?, ?, ?, ?) RETURNING id"""
_FORGET = "DELETE FROM sloth_lock_log WHERE id <= ?"
_WHICH = """id = (SELECT id FROM sloth_lock_log WHERE name = CAST(?1 AS TEXT) AND token = ?2 AND how IS NULL
    ORDER BY id DESC LIMIT 1)"""
_RENEWED = f"UPDATE sloth_lock_log SET renewals = renewals + 1, renewed_at = ?3, until = ?4 WHERE {_WHICH}"
_ENDED = f"UPDATE sloth_lock_log SET ended_at = ?3, how = ?4, ended_by = ?5 WHERE {_WHICH}"
_EXISTS = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'sloth_lock_log'"
_READ = """SELECT CAST(name AS BLOB), CAST(holder AS BLOB), token, at, until, tied, renewals, renewed_at,
    ended_at, how, who, ended_by FROM sloth_lock_log WHERE ?1 IS NULL OR name = CAST(?1 AS TEXT)
    ORDER BY id DESC"""


def begun(database: Database, name: str, holder: str, token: int, until: float, ephemeral: bool) -> None:
    """Note an acquisition, inside its transaction."""
    row = (key_bytes(name), key_bytes(holder), token, database.clock.wall(), until, ephemeral, _who(database))
    try:
        added: int = database.execute(_BEGUN, row).get
    except apsw.SQLError:
        database.execute(_CREATE)
        added = database.execute(_BEGUN, row).get
    if added > _KEPT:
        database.execute(_FORGET, (added - _KEPT,))


def renewed(database: Database, name: str, token: int, until: float) -> None:
    """Note a renewal, inside its transaction."""
    _update(database, _RENEWED, (key_bytes(name), token, database.clock.wall(), until))


def ended(database: Database, name: str, token: int, how: str) -> None:
    """Note that a lock was released or broken by this handle's origin, inside that transaction."""
    row = (key_bytes(name), token, database.clock.wall(), how, _who(database))
    _update(database, _ENDED, row)


def history(
    database: Database, held: Callable[[str], Lock | None], name: str | None, limit: int
) -> list[LockUse]:
    """See :class:`sloth_tui.store.port.Locks`."""
    from sloth_tui.store.lock_log import outcomes

    if database.one(_EXISTS) is None:
        return []
    uses = database.made_of(_use, _READ, (None if name is None else key_bytes(name),))
    return outcomes(uses, held, database.clock.wall(), limit)


def _use(row: tuple[Any, ...]) -> LockUse:
    import json

    from sloth_tui.model import LockUse
    from sloth_tui.origin import Origin

    name, holder, token, at, until, tied, renewals, renewed_at, ended_at, end, *whom = row
    origin, ended_by = (None if who is None else Origin(*json.loads(who)) for who in whom)
    return LockUse(
        name=decode_key(name),
        holder=decode_key(holder),
        token=token,
        acquired_at=at,
        until=until,
        ephemeral=bool(tied),
        renewals=renewals,
        renewed_at=renewed_at,
        ended_at=ended_at,
        end=end,
        origin=origin,
        ended_by=ended_by,
    )


def _update(database: Database, statement: str, row: tuple[object, ...]) -> None:
    try:
        database.execute(statement, row)
    except apsw.SQLError:
        return  # there is no log yet: the lock is from before there were any


def _who(database: Database) -> str:
    if database.origin is None:
        from sloth_tui.origin import this_process

        database.origin = this_process("sloth-runner", "")
    return compact(database.origin)
