"""A row of the table ``locks``, and what is left of the time it grants.

A row of ours has a deadline by the clock that cannot be stepped; on the boot it was written in, nothing else
counts. After a reboot, and for a row another program wrote, ``expires_at`` does. One that cannot be read
stands for the longest time a lock can be taken for: an error on the side of whoever holds it.
"""

from __future__ import annotations

from sloth_tui.store.clock import NANOSECONDS
from sloth_tui.store.process import is_alive
from sloth_tui.store.sqlite.sql.rows import TIME, decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.model import Lock, Owner
    from sloth_tui.store.clock import Clock

MAX_SECONDS = 30 * 86400.0

# Names as blobs, because other programs may have stored text that is no UTF-8.
COLUMNS = (
    "CAST(name AS BLOB), CAST(coalesce(holder, '') AS BLOB), "
    f"{TIME.format('acquired_at')}, {TIME.format('expires_at')}, "
    "token, deadline, boot_id, tied, owner_host, owner_pid, owner_start, owner_boot"
)
"""What a :class:`Lease` is made of."""


class Lease:
    """What one row grants to whom."""

    __slots__ = (
        "_acquired",
        "_boot_id",
        "_clock",
        "_deadline",
        "_expires",
        "_owner",
        "holder",
        "name",
        "tied",
        "token",
    )

    def __init__(self, row: tuple[Any, ...], clock: Clock) -> None:
        """``row`` has the columns :data:`COLUMNS`."""
        name, holder, acquired, expires, token, deadline, boot_id, tied, *self._owner = row
        self._clock = clock
        self.name = decode_key(name)
        self.holder = decode_key(holder)
        self._acquired = acquired if isinstance(acquired, float) else None
        self._expires = expires if isinstance(expires, float) else None
        self.token = token if isinstance(token, int) else 0
        """0 where another program took the lock before we first wrote to the database."""
        self._deadline = deadline if isinstance(deadline, int) else None
        self._boot_id = boot_id if isinstance(boot_id, str) else ""
        self.tied = bool(tied)

    def remaining(self) -> float:
        """Seconds left; 0 when the lock is free."""
        if self.tied and self.alive() is False:
            return 0.0
        left = self.expires_at() - self._clock.wall()
        if self._deadline is not None and self._boot_id == self._clock.boot_id:
            steady = (self._deadline - self._clock.now()) / NANOSECONDS
            # Without a boot id, a deadline may be one of before a reboot.
            left = steady if self._boot_id else min(steady, left)
        return max(left, 0.0)

    def expires_at(self) -> float:
        """Unix seconds, by the wall clock."""
        if self._expires is not None:
            return self._expires
        return (self._clock.wall() if self._acquired is None else self._acquired) + MAX_SECONDS

    def owner(self) -> Owner | None:
        """The process that took the lock; None where another program did."""
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
            tied=self.tied,
            alive=self.alive(),
        )
