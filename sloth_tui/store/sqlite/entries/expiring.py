"""Times to live of entries, and the deletion of entries whose time is over.

Loaded only where an entry has a time to live, or is given one.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.engine.deadlines import deadline_at, overdue, read_deadlines, remaining, steady
from sloth_tui.store.sqlite.engine.errors import read_only
from sloth_tui.store.sqlite.entries import bulk
from sloth_tui.store.sqlite.entries.origins import open_change
from sloth_tui.store.sqlite.sql.keys import KEY
from sloth_tui.store.ttl_rules import check_ttl
from sloth_tui.values.codec import key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.engine.database import Database

_EXISTS = f"SELECT 1 FROM state WHERE key = {KEY}"
_ROW = f"SELECT deadline, boot_id, wall FROM sloth_ttl WHERE key = {KEY}"
_PUT = f"INSERT OR REPLACE INTO sloth_ttl (key, deadline, boot_id, wall) VALUES ({KEY}, ?, ?, ?)"
_CLEAR = f"DELETE FROM sloth_ttl WHERE key = {KEY}"
# The deadlines of an earlier boot mean nothing now; once they are of this one, the index finds them.
_CARRY_OVER = """UPDATE sloth_ttl SET boot_id = ?1, deadline = ?2 + CAST((wall - ?3) * 1e9 AS INTEGER)
    WHERE boot_id IS NOT ?1"""


def ttl(database: OpenDatabase, key: str) -> float | None:
    """Return the seconds that an entry has left; None if it has no time to live, or is absent."""
    found = database.made_of(tuple, _ROW, (key_bytes(key),))
    left = database.convert(lambda row: remaining(database.clock, *row), found)
    return left[0] if left and left[0] else None


def next_expiry(database: OpenDatabase) -> float | None:
    """Return the seconds until the next time to live is over; None if no entry has one."""
    deadlines = read_deadlines(database)
    return None if deadlines is None else deadlines.remaining(database.clock)


def set_ttl(database: Database, key: str, ttl: float | None) -> bool:
    """See :meth:`sloth_tui.store.port.EntryWrites.set_ttl`."""
    seconds = 0.0 if ttl is None else check_ttl(ttl)
    if not database.fences and not _exists(database, key):
        return False
    with database.transaction(fenced=True):
        if not _exists(database, key):
            return False
        limit(database, key, seconds)
    return True


def limit(database: Database, key: str, seconds: float) -> None:
    """Give an entry so many seconds to live from now on, or with 0 no end, inside a transaction."""
    clock = database.clock
    if seconds:
        put_back(database, key_bytes(key), deadline_at(clock, clock.wall() + seconds))
    else:
        database.execute(_CLEAR, (key_bytes(key),))
        database.forget_deadlines()


def kept(database: Database, key: str) -> tuple[int, str, float] | None:
    """Return the time to live of an entry, to put it back after a write; None if it has none."""
    found: tuple[int, str, float] | None = database.one(_ROW, (key_bytes(key),))
    return found


def put_back(database: Database, key: bytes | None, row: tuple[int, str, float]) -> None:
    """Give an entry the time to live that it had, inside a transaction."""
    database.execute(_PUT, (key, *row))
    database.forget_deadlines()


def expire_overdue(database: Database) -> int:
    """Delete the entries whose time to live is over, if there are any, inside a transaction; return their
    number. Whoever notices second finds nothing left to do."""
    deadlines = read_deadlines(database)
    if deadlines is None:
        return 0
    expired = _delete(database) if deadlines.passed(database.clock) else 0
    if deadlines.of_another_boot:
        clock = database.clock
        database.execute(_CARRY_OVER, (clock.boot_id, steady(clock), clock.wall()))
        database.forget_deadlines()
    return expired


def expire(database: Database) -> int:
    """See :meth:`sloth_tui.store.port.EntryWrites.expire`."""
    if database.read_only:
        raise read_only(database.path)
    if next_expiry(database) != 0:
        return 0
    with database.transaction(fenced=False):
        return expire_overdue(database)


def _exists(database: Database, key: str) -> bool:
    return database.live(database.one, _EXISTS, (key_bytes(key),)) is not None


def _delete(database: Database) -> int:
    from sloth_tui.origin import expiry

    keys = overdue(database.clock)
    number = database.number(f"SELECT count(*) FROM state WHERE key IN ({keys})")
    if number:
        bulk.delete(database, f"key IN ({keys})", {}, open_change(database, expiry()))
        database.erased = True
        database.writes += number
    database.execute(f"DELETE FROM sloth_ttl WHERE key IN ({keys})")
    database.forget_deadlines()
    return number
