"""The locks that a run holds."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sloth_tui.model import Lock
    from sloth_tui.store.port import Store

_MOST = 200
"""Locks that are looked up."""


def run_of(store: Store, lock: Lock) -> str | None:
    """Return the id of the run that holds a lock; None if no run does."""
    for use in store.lock_history(lock.name, 1):
        if use.token == lock.token and use.end is None and use.origin is not None:
            return use.origin.run
    return None


def locks_of(store: Store, run: str) -> list[Lock]:
    """Return the locks that the run of this id holds."""
    return [lock for lock in islice(store.locks(), _MOST) if run_of(store, lock) == run]
