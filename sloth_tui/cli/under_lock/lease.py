"""The lease of a lock, renewed in time, and never taken for held when it is not."""

from __future__ import annotations

from sloth_tui.cli.output.diagnostics import warn
from sloth_tui.errors import LockLost, SlothError
from sloth_tui.store import lock_rules
from sloth_tui.store.clock import NANOSECONDS, SYSTEM_CLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Lock
    from sloth_tui.store.port import Store

_RENEWALS = 3
"""Renewals in the length of a lease."""
_RETRY_SECONDS = 1.0
_LOOK_SECONDS, _LOOK_FAR_SECONDS = 1.0, 5.0
"""Between two looks whether the lock was broken: in a file, and in a store where each is a request."""
_UNSEEN_SECONDS = 5.0
"""How long a store of several machines counts a lock as held whose process does not run."""


class Lease:
    """One acquisition of a lock by this process."""

    def __init__(self, store: Store, lock: Lock, seconds: float, began: int) -> None:
        """``began``: when the lock was asked for at last, by the clock that measures locks."""
        self._store = store
        self._lock = lock
        self._seconds = seconds
        self.is_far = store.backend != "sqlite"
        """True if others than this machine judge whether this process lives."""
        self._warned = False
        store.fence(lock.name, lock.token)
        self._begin(began)

    def held_until(self) -> int:
        """Return until when the lock is held if this process does nothing from now on."""
        if not self.is_far:
            return self._end
        return min(self._end, SYSTEM_CLOCK.now() + round(_UNSEEN_SECONDS * NANOSECONDS))

    def keep(self) -> None:
        """Renew the lease if it is time to. Raises LockLost if it is over, or no longer held."""
        now = SYSTEM_CLOCK.now()
        if now >= self._end:
            # The machine slept, or this process stood still: what is over is not renewed, even if it could.
            raise lock_rules.lost(self._lock.name, lock_rules.EXPIRED)
        try:
            if now >= self._renew_at:
                self._store.renew(self._lock.name, self._lock.holder, self._seconds)
                self._begin(now)
            elif now >= self._look_at:
                self._store.check_fences()
                self._look_again(now)
        except LockLost:
            raise
        except SlothError as error:
            self._retry(now, error)

    def release(self) -> None:
        """Release the lock. Raises LockLost if it is not held any more."""
        if SYSTEM_CLOCK.now() >= self._end:
            raise lock_rules.lost(self._lock.name, lock_rules.EXPIRED)
        try:
            self._store.release(self._lock.name, self._lock.holder, token=self._lock.token)
        except LockLost:
            raise
        except SlothError as error:
            warn(f"lock '{self._lock.name}' could not be released, and is free when this has ended: {error}")

    def _begin(self, began: int) -> None:
        length = round(self._seconds * NANOSECONDS)
        self._end = began + length
        self._renew_at = began + length // _RENEWALS
        self._look_again(began)

    def _look_again(self, now: int) -> None:
        seconds = _LOOK_FAR_SECONDS if self.is_far else _LOOK_SECONDS
        self._look_at = now + round(seconds * NANOSECONDS)

    def _retry(self, now: int, error: SlothError) -> None:
        later = now + round(_RETRY_SECONDS * NANOSECONDS)
        self._renew_at = max(self._renew_at, later)
        self._look_at = max(self._look_at, later)
        if not self._warned:
            self._warned = True
            warn(f"lock '{self._lock.name}' could not be renewed yet: {error.message}")
