"""A row of the table ``locks``, and the time left of its lease.

Our rows have a deadline by a clock that cannot be set; during the boot in which the row was written, only
that counts. After a reboot, and for rows of other programs, ``expires_at`` counts. If it is invalid, the
lease has the greatest possible length, in favour of the holder.
"""

from __future__ import annotations

from sloth_tui.store import lock_rules
from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.lock_rules import MAX_LEASE_SECONDS
from sloth_tui.store.process import is_alive
from sloth_tui.store.sqlite.sql.keys import KEY
from sloth_tui.store.sqlite.sql.rows import TIME
from sloth_tui.values.codec import decode_key, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.errors import LockLost
    from sloth_tui.model import Lock, Owner
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.sqlite.engine.connection import OpenDatabase

# Names as blobs, because other programs may have stored text that is not UTF-8.
COLUMNS = (
    "CAST(name AS BLOB), CAST(coalesce(holder, '') AS BLOB), "
    f"{TIME.format('acquired_at')}, {TIME.format('expires_at')}, "
    "token, deadline, boot_id, tied, owner_host, owner_pid, owner_start, owner_boot"
)
"""The columns that :class:`Lease` takes."""
_FIND = f"SELECT {COLUMNS} FROM locks WHERE name = {KEY}"


class Lease:
    """The lease of one row."""

    __slots__ = (
        "_acquired",
        "_boot_id",
        "_clock",
        "_deadline",
        "_expires",
        "_owner",
        "ephemeral",
        "holder",
        "name",
        "token",
    )

    def __init__(self, row: tuple[Any, ...], clock: Clock) -> None:
        """``row`` has the columns :data:`COLUMNS`."""
        name, holder, acquired, expires, token, deadline, boot_id, ephemeral, *self._owner = row
        self._clock = clock
        self.name = decode_key(name)
        self.holder = decode_key(holder)
        self._acquired = acquired if isinstance(acquired, float) else None
        self._expires = expires if isinstance(expires, float) else None
        self.token = token if isinstance(token, int) else 0
        """0 if another program took the lock before we first wrote to the database."""
        self._deadline = deadline if isinstance(deadline, int) else None
        self._boot_id = boot_id if isinstance(boot_id, str) else ""
        self.ephemeral = bool(ephemeral)

    def remaining(self) -> float:
        """Return the seconds left; 0 if the lock is free."""
        if self.ephemeral and self.alive() is False:
            return 0.0
        left = self.expires_at() - self._clock.wall()
        if self._deadline is not None and self._boot_id == self._clock.boot_id:
            steady = (self._deadline - self._clock.now()) / NANOSECONDS
            # Without a boot id, the deadline may be from before a reboot.
            left = steady if self._boot_id else min(steady, left)
        return max(left, 0.0)

    def expires_at(self) -> float:
        """Return the end of the lease in unix seconds, by the wall clock."""
        if self._expires is not None:
            return self._expires
        return (self._clock.wall() if self._acquired is None else self._acquired) + MAX_LEASE_SECONDS

    def owner(self) -> Owner | None:
        """Return the process that took the lock; None if another program did."""
        host, pid, start, boot_id = self._owner
        if (
            isinstance(host, str)
            and isinstance(pid, int)
            and isinstance(start, int)
            and isinstance(boot_id, str)
        ):
            from sloth_tui.model import Owner

            return Owner(host, pid, start, boot_id)
        return None

    def alive(self) -> bool | None:
        owner = self.owner()
        return None if owner is None else is_alive(owner, self._clock.boot_id)

    def lock(self, remaining: float) -> Lock:
        from sloth_tui.model import Lock

        return Lock(
            name=self.name,
            holder=self.holder,
            token=self.token,
            acquired_at=self._acquired,
            expires_at=self.expires_at(),
            remaining=remaining,
            owner=self.owner(),
            ephemeral=self.ephemeral,
            alive=self.alive(),
        )


def find_lease(database: OpenDatabase, name: str, clock: Clock) -> Lease | None:
    """Return the row of a lock, held or not, as it is now, not as in the snapshot of an iteration."""
    database.drain_cursors()
    stored = key_bytes(name)
    row = None if stored is None else database.one(_FIND, (stored,))
    return Lease(row, clock) if row else None


def check_fences(database: OpenDatabase, fences: dict[str, int], clock: Clock) -> None:
    """Raise LockLost unless every lock (name -> token) is held; call it inside the transaction of the
    write."""
    for name, token in fences.items():
        lease = find_lease(database, name, clock)
        if lease is None or lease.token != token or not token or not lease.remaining():
            raise lost(name, lease)


def lost(name: str, lease: Lease | None) -> LockLost:
    """Return the error that tells who holds the lock now, if anyone."""
    if lease is None:
        found = lock_rules.NOBODY
    elif not lease.remaining():
        found = lock_rules.EXPIRED
    else:
        found = lock_rules.another(lease.holder)
    return lock_rules.lost(name, found)
