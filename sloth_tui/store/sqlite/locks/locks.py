"""Named leases with fencing tokens.

:mod:`sloth_tui.store.sqlite.engine.lease` decides whether a lock is free, inside the transaction that acts on
the answer. Tokens are counted in a table of their own, so that they keep growing whatever happens to the
lock's row. Rows are inserted or replaced, never updated: see
:mod:`sloth_tui.store.sqlite.schema.lock_triggers`.
"""

from __future__ import annotations

import os

from sloth_tui.store import lock_rules
from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.process import current_process
from sloth_tui.store.sqlite.engine.errors import read_only
from sloth_tui.store.sqlite.engine.lease import COLUMNS, Lease, find_lease, lost
from sloth_tui.store.sqlite.entries.origins import change_of
from sloth_tui.store.sqlite.locks import lock_log
from sloth_tui.store.sqlite.sql.expressions import NOW_MS
from sloth_tui.store.sqlite.sql.keys import KEY
from sloth_tui.store.sqlite.sql.rows import moment, origin_of, whole
from sloth_tui.values.codec import decode_key, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.model import Lock, LockBreak
    from sloth_tui.store.sqlite.engine.database import Database

_PAUSE_SECONDS, _JITTER_SECONDS = 0.01, 0.04
"""Pause between two checks of a held lock, and the random time added to it: if all waiters checked at the
same moment, all but one would fail, each time."""

_LIST = f"SELECT {COLUMNS} FROM locks WHERE name IS NOT NULL ORDER BY name"
_DELETE = f"DELETE FROM locks WHERE name = {KEY}"
_COUNT_UP = f"""INSERT INTO sloth_lock_tokens (name, token) VALUES ({KEY}, 1)
    ON CONFLICT (name) DO UPDATE SET token = token + 1 RETURNING token"""
_TIMESTAMP = "strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch')"
_WRITE = """INSERT OR REPLACE INTO locks (name, holder, acquired_at, expires_at, token, deadline, boot_id,
    tied, owner_host, owner_pid, owner_start, owner_boot)"""
_GRANT = f"{_WRITE} VALUES (?, ?, {_TIMESTAMP}, {_TIMESTAMP}, ?, ?, ?, ?, ?, ?, ?, ?)"
_RENEW = f"""{_WRITE} SELECT name, holder, acquired_at, {_TIMESTAMP}, ?, ?, ?,
    tied, owner_host, owner_pid, owner_start, owner_boot FROM locks WHERE name = {KEY}"""
_RECORD_BREAK = f"""INSERT INTO sloth_lock_breaks (at, name, holder, token, change)
    VALUES ({NOW_MS}, {KEY}, {KEY}, ?, ?)"""
_BREAKS = """SELECT CAST(name AS BLOB), CAST(holder AS BLOB), token, broken.at,
    origin.id, origin.user, origin.host, origin.pid, origin.program, origin.title, origin.run, origin.task
    FROM sloth_lock_breaks AS broken LEFT JOIN sloth_changes AS origin ON origin.id = broken.change
    ORDER BY broken.rowid DESC LIMIT ?"""


class Locks:
    """See :class:`sloth_tui.store.port.Locks`.

    Every change checks before it begins a transaction, and again inside: a refused request neither creates
    nor adopts a database, and waiters do not take the write lock needlessly.
    """

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(
        self, name: str, holder: str, seconds: float, *, wait: float = 0.0, ephemeral: bool = False
    ) -> Lock:
        """See the port. Raises UsageError inside a transaction."""
        lock_rules.check_request(name, holder, seconds, wait)
        database = self._database
        if database.read_only:
            raise read_only(database.path)
        if database.depth:
            raise lock_rules.inside_a_transaction(name)
        give_up = database.clock.now() + wait * NANOSECONDS
        while True:
            lease = find_lease(database, name, database.clock)
            if lease is None or not lease.remaining():
                with database.transaction(fenced=False):
                    lease = find_lease(database, name, database.clock)
                    if lease is None or not lease.remaining():
                        return self._grant(name, holder, seconds, ephemeral)
            self._await(lease, give_up)

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        """See the port. A handle fenced by the lock renews only the acquisition of its fence."""
        lock_rules.check_seconds(seconds)
        database = self._database
        token = database.fences.get(name)
        self._held(name, holder, token)
        with database.transaction(fenced=False):
            token = self._held(name, holder, token).token or _next_token(database, name)
            end = self._end(seconds, token)
            database.execute(_RENEW, (*end, key_bytes(name)))
            lock_log.renewed(database, name, token, end[0])
            return self._granted(name)

    def release(self, name: str, holder: str, *, token: int | None = None) -> None:
        """See the port. Without ``token``, a handle fenced by the lock releases only the acquisition of its
        fence."""
        database = self._database
        if token is None:
            token = database.fences.get(name)
        self._held(name, holder, token)
        with database.transaction(fenced=False):
            held = self._held(name, holder, token).token
            database.execute(_DELETE, (key_bytes(name),))
            lock_log.ended(database, name, held, lock_log.RELEASED)

    def break_lock(self, name: str) -> Lock:
        database = self._database
        self._held_by_anybody(name)
        with database.transaction(fenced=False):
            broken = self._held_by_anybody(name)
            database.execute(_DELETE, (key_bytes(name),))
            lock_log.ended(database, name, broken.token, lock_log.BROKEN)
            record_break(database, broken)
        return broken

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        return self._database.made_of(_lock_break, _BREAKS, (limit,))

    def lock(self, name: str) -> Lock | None:
        lease = find_lease(self._database, name, self._database.clock)
        remaining = lease.remaining() if lease else 0.0
        return lease.lock(remaining) if lease and remaining else None

    def locks(self) -> list[Lock]:
        found = []
        for row in self._database.rows(_LIST):
            lease = Lease(row, self._database.clock)
            remaining = lease.remaining()
            if remaining:
                found.append(lease.lock(remaining))
        return found

    def _held(self, name: str, holder: str, token: int | None) -> Lease:
        """Return the lease of ``holder``. Raises LockLost if there is none, or if its token is not
        ``token``."""
        lease = find_lease(self._database, name, self._database.clock)
        if lease is None or not lease.remaining() or lease.holder != holder:
            raise lost(name, lease)
        if token is not None and lease.token != token:
            raise lost(name, lease)
        return lease

    def _held_by_anybody(self, name: str) -> Lock:
        lock = self.lock(name)
        if lock is None:
            raise lock_rules.not_held(name)
        return lock

    def _grant(self, name: str, holder: str, seconds: float, ephemeral: bool) -> Lock:
        database = self._database
        clock = database.clock
        end = self._end(seconds, _next_token(database, name))
        owner = current_process(clock.boot_id)
        database.execute(_GRANT, (name, holder, clock.wall(), *end, ephemeral, *owner))
        lock_log.begun(database, name, holder, end[1], end[0], ephemeral)
        return self._granted(name)

    def _end(self, seconds: float, token: int) -> tuple[float, int, int, str]:
        """Return the columns ``expires_at, token, deadline, boot_id`` of a lease that begins now."""
        clock = self._database.clock
        deadline = clock.now() + round(seconds * NANOSECONDS)
        return clock.wall() + seconds, token, deadline, clock.boot_id

    def _granted(self, name: str) -> Lock:
        lease = find_lease(self._database, name, self._database.clock)
        assert lease, name
        return lease.lock(lease.remaining())

    def _await(self, lease: Lease, give_up: float) -> None:
        """Pause until the next check. Raises LockHeld when the time to wait is over."""
        clock = self._database.clock
        remaining = lease.remaining()
        patience = (give_up - clock.now()) / NANOSECONDS
        if patience <= 0:
            raise lock_rules.held_by(lease.name, lease.holder, remaining)
        clock.sleep(min(_PAUSE_SECONDS + _JITTER_SECONDS * os.urandom(1)[0] / 255, patience, remaining))


def record_break(database: Database, broken: Lock) -> None:
    """Record that a lock was taken away from its holder; call it inside a transaction."""
    names = key_bytes(broken.name), key_bytes(broken.holder)
    database.execute(_RECORD_BREAK, (*names, broken.token, change_of(database)))


def _next_token(database: Database, name: str) -> int:
    return database.number(_COUNT_UP, (key_bytes(name),))


def _lock_break(row: tuple[Any, ...]) -> LockBreak:
    from sloth_tui.model import LockBreak

    name, holder, token, at, origin, *who = row
    by = None if origin is None else origin_of(who)
    return LockBreak(decode_key(name), decode_key(holder), whole(token), moment(at), by)
