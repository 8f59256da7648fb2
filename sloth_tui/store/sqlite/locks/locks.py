"""Named leases with fencing tokens.

Whether a lock is free is decided by :mod:`sloth_tui.store.sqlite.engine.lease`, inside the transaction that acts on
the answer. Tokens are counted in a table of their own, so that they go on growing whatever happens to the
lock's row. Rows are inserted or replaced, never updated: see :mod:`sloth_tui.store.sqlite.schema.lock_triggers`.
"""

from __future__ import annotations

import os

from sloth_tui.errors import LockHeld, LockLost, LockNotFound, UsageError
from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.process import current_process
from sloth_tui.store.sqlite.engine.errors import read_only
from sloth_tui.store.sqlite.engine.handle import StoreHandle
from sloth_tui.store.sqlite.engine.lease import COLUMNS, MAX_SECONDS, Lease
from sloth_tui.store.sqlite.entries.origins import change_of
from sloth_tui.store.sqlite.schema.tables import NOW_MS
from sloth_tui.store.sqlite.sql.keys import KEY, key_bytes
from sloth_tui.store.sqlite.sql.rows import decode_key, moment, origin_of, whole
from sloth_tui.text import format_duration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.model import Lock, LockBreak
    from sloth_tui.store.sqlite.engine.database import Database

MAX_TEXT = 4096
"""Bytes of UTF-8 the name of a lock, or of its holder, may have."""
_PAUSE, _JITTER = 0.01, 0.04
"""Seconds between two looks at a lock that is held, and how much more it may be, at random: waiters that
march in step would all fail but one, each time."""

_FIND = f"SELECT {COLUMNS} FROM locks WHERE name = {KEY}"
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


class Locking(StoreHandle):
    """See :class:`sloth_tui.store.port.Locks`.

    Every change looks before it begins a transaction, and again inside: what is refused neither creates nor
    adopts a database, and those who wait for a lock do not take the write lock for nothing.
    """

    __slots__ = ()

    def acquire(
        self, name: str, holder: str, seconds: float, *, wait: float = 0.0, tied: bool = False
    ) -> Lock:
        """See the port. Raises UsageError inside a transaction: rolling it back would take back a token
        that was handed out already, and waiting in it would stop every other writer."""
        _check_text("the name of a lock", name)
        _check_text("the holder of a lock", holder)
        _check_seconds(seconds)
        _check_wait(wait)
        database = self._database
        if database.read_only:
            raise read_only(database.path)
        if database.depth:
            raise UsageError(
                f"lock '{name}' cannot be taken inside a transaction",
                hint="take it before the transaction begins",
            )
        give_up = database.clock.now() + wait * NANOSECONDS
        while True:
            lease = find_lease(database, name)
            if lease is None or not lease.remaining():
                with database.unfenced:
                    lease = find_lease(database, name)
                    if lease is None or not lease.remaining():
                        return self._grant(name, holder, seconds, tied)
            self._await(lease, give_up)

    def renew(self, name: str, holder: str, seconds: float) -> Lock:
        """See the port. A handle fenced by the lock renews only the acquisition its fence is about."""
        _check_seconds(seconds)
        database = self._database
        token = database.fences.get(name)
        self._held(name, holder, token)
        with database.unfenced:
            token = self._held(name, holder, token).token or _next_token(database, name)
            database.execute(_RENEW, (*self._end(seconds, token), key_bytes(name)))
            return self._granted(name)

    def release(self, name: str, holder: str, *, token: int | None = None) -> None:
        """See the port. Without ``token``, a handle fenced by the lock gives back only what its fence is
        about."""
        database = self._database
        if token is None:
            token = database.fences.get(name)
        self._held(name, holder, token)
        with database.unfenced:
            self._held(name, holder, token)
            database.execute(_DELETE, (key_bytes(name),))

    def break_lock(self, name: str) -> Lock:
        database = self._database
        self._held_by_anybody(name)
        with database.unfenced:
            broken = self._held_by_anybody(name)
            database.execute(_DELETE, (key_bytes(name),))
            names = key_bytes(name), key_bytes(broken.holder)
            database.execute(_RECORD_BREAK, (*names, broken.token, change_of(database)))
        return broken

    def lock_breaks(self, limit: int = 100) -> list[LockBreak]:
        return self._database.made_of(_lock_break, _BREAKS, (limit,))

    def lock(self, name: str) -> Lock | None:
        lease = find_lease(self._database, name)
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

    def fence(self, name: str, token: int) -> None:
        self._database.fences[name] = token

    def unfence(self, name: str) -> None:
        self._database.fences.pop(name, None)

    def _held(self, name: str, holder: str, token: int | None) -> Lease:
        """What ``holder`` has. Raises LockLost if that is nothing, or something else than ``token``."""
        lease = find_lease(self._database, name)
        if lease is None or not lease.remaining() or lease.holder != holder:
            raise _lost(name, lease)
        if token is not None and lease.token != token:
            raise _lost(name, lease)
        return lease

    def _held_by_anybody(self, name: str) -> Lock:
        lock = self.lock(name)
        if lock is None:
            raise LockNotFound(f"lock '{name}' is not held")
        return lock

    def _grant(self, name: str, holder: str, seconds: float, tied: bool) -> Lock:
        database = self._database
        clock = database.clock
        end = self._end(seconds, _next_token(database, name))
        owner = current_process(clock.boot_id)
        database.execute(_GRANT, (name, holder, clock.wall(), *end, tied, *owner))
        return self._granted(name)

    def _end(self, seconds: float, token: int) -> tuple[float, int, int, str]:
        """Columns ``expires_at, token, deadline, boot_id`` of a lease that begins now."""
        clock = self._database.clock
        deadline = clock.now() + round(seconds * NANOSECONDS)
        return clock.wall() + seconds, token, deadline, clock.boot_id

    def _granted(self, name: str) -> Lock:
        lease = find_lease(self._database, name)
        assert lease, name
        return lease.lock(lease.remaining())

    def _await(self, lease: Lease, give_up: float) -> None:
        """Pause until it is worth looking again. Raises LockHeld when the time to wait is over."""
        clock = self._database.clock
        remaining = lease.remaining()
        patience = (give_up - clock.now()) / NANOSECONDS
        if patience <= 0:
            raise _held_by(lease, remaining)
        clock.sleep(min(_PAUSE + _JITTER * os.urandom(1)[0] / 255, patience, remaining))


def check_fences(database: Database, fences: dict[str, int]) -> None:
    """Raise LockLost unless every lock (name -> token) is held; part of the transaction it is asked in."""
    for name, token in fences.items():
        lease = find_lease(database, name)
        if lease is None or lease.token != token or not token or not lease.remaining():
            raise _lost(name, lease)


def find_lease(database: Database, name: str) -> Lease | None:
    """The row of a lock, held or not, as it is now: not as it was when a walk began."""
    database.drain_streams()
    stored = key_bytes(name)
    row = None if stored is None else database.one(_FIND, (stored,))
    return Lease(row, database.clock) if row else None


def _next_token(database: Database, name: str) -> int:
    return database.number(_COUNT_UP, (key_bytes(name),))


def _lock_break(row: tuple[Any, ...]) -> LockBreak:
    from sloth_tui.model import LockBreak

    name, holder, token, at, origin, *who = row
    by = None if origin is None else origin_of(who)
    return LockBreak(decode_key(name), decode_key(holder), whole(token), moment(at), by)


def _held_by(lease: Lease, remaining: float) -> LockHeld:
    return LockHeld(
        f"lock '{lease.name}' is held by '{lease.holder}' for another {format_duration(remaining)}",
        name=lease.name,
        holder=lease.holder,
        remaining=remaining,
    )


def _lost(name: str, lease: Lease | None) -> LockLost:
    """What is now in the place of the acquisition that was expected."""
    if lease is None:
        found = "nobody holds it"
    elif not lease.remaining():
        found = "its time is up"
    else:
        found = f"'{lease.holder}' holds it"
    return LockLost(f"lock '{name}' lost: {found}", name=name)


def _check_text(what: str, text: str) -> None:
    """Raise UsageError for what could be neither stored nor shown as it is."""
    if not isinstance(text, str) or not text:
        raise UsageError(f"{what} must be non-empty text")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} must be valid UTF-8") from error
    if size > MAX_TEXT:
        raise UsageError(f"{what} must not be longer than 4 KiB", hint=f"it has {size:,} bytes")
    if "\0" in text:
        raise UsageError(f"{what} must not contain NUL")


def _check_seconds(seconds: float) -> None:
    """NaN compares as neither."""
    if not (isinstance(seconds, int | float) and 0 < seconds <= MAX_SECONDS):
        raise UsageError(f"a lock is taken for more than 0 seconds and at most 30 days, not {seconds}")


def _check_wait(seconds: float) -> None:
    if not (isinstance(seconds, int | float) and seconds >= 0):
        raise UsageError(f"the time to wait must not be negative: {seconds}")
