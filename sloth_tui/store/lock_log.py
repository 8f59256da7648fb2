"""The log of locks, whatever the backend: what is kept of an acquisition, and what became of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sloth_tui.model import LockUse
from sloth_tui.origin import Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sloth_tui.model import Lock

KEPT = 1000
"""Acquisitions that a store keeps, of all locks together; the oldest are forgotten."""
KEPT_OF_EACH = 20
"""The same for a store that keeps them with each lock."""
RELEASED, BROKEN, EXPIRED, ABANDONED = "released", "broken", "expired", "abandoned"


def encode(use: LockUse) -> str:
    """Return an acquisition as a line of JSON."""
    return json.dumps(use, ensure_ascii=True, default=str)


def decode(line: str | bytes) -> LockUse:
    """Return the acquisition in a line of JSON. Raises ValueError, TypeError."""
    *fields, origin, ended_by = json.loads(line)
    return LockUse(*fields, *(None if who is None else Origin(*who) for who in (origin, ended_by)))


def outcomes(
    uses: Iterable[LockUse], held: Callable[[str], Lock | None], now: float, limit: int
) -> list[LockUse]:
    """Return acquisitions, newest first as they come, with what became of those whose end nobody wrote down:
    their time was over, or their process was gone before it. ``now``: unix seconds."""
    found: list[LockUse] = []
    locks: dict[str, Lock | None] = {}
    followed: dict[str, float] = {}
    for use in uses:
        if len(found) >= limit:
            break
        if use.name not in locks:
            locks[use.name] = held(use.name)
        lock = locks[use.name]
        if use.end is None and (lock is None or lock.token != use.token):
            use = _ended(use, min(now, followed.get(use.name, now)))  # noqa: PLW2901
        followed[use.name] = use.acquired_at
        found.append(use)
    return found


def _ended(use: LockUse, seen: float) -> LockUse:
    """``seen``: a moment at which it was over."""
    if use.ephemeral and seen < use.until:
        return use._replace(end=ABANDONED)
    return use._replace(end=EXPIRED, ended_at=min(use.until, seen))
