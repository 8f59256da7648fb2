"""Revisions of a key beyond those that the settings keep, found and forgotten by the handle that writes it.

A walk from the key's newest revision finds them. What it found is remembered, because much of it cannot be
forgotten yet: what was written a moment ago is kept whatever the settings say, so that who follows the
changes as they come misses none. Walking again for every write would cost more than the writes.
"""

from __future__ import annotations

import time

from sloth_tui.store.sqlite.chains import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.store.sqlite.connection import Database

SETTLED_MS = 10 * 1000
"""How old a row has to be to be forgotten: ten times what the slowest follower takes to come and see."""
_KEYS = 64
"""Keys whose surplus is remembered."""

_CHAIN = chain("CAST(:key AS TEXT)")
_HAS_MORE = f"SELECT 1 FROM {_CHAIN} LIMIT 1 OFFSET :keep"
_BEYOND = f"""SELECT revision, at FROM (SELECT revision FROM {_CHAIN} LIMIT -1 OFFSET :keep)
    JOIN sloth_history USING (revision) ORDER BY revision DESC"""
_FORGET = "DELETE FROM sloth_history WHERE revision IN (SELECT value FROM json_each(?))"


class Surplus:
    """What one handle remembers. Void as soon as a transaction is rolled back, since its revisions are then
    given to others."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[tuple[int, int]]] = {}
        """Key -> revision and time of its rows, newest first."""

    def clear(self) -> None:
        self._waiting.clear()

    def forget(self, database: Database, key: bytes, keep: int, step: int) -> int:
        """Up to a step of a key's oldest revisions, inside a transaction; returns how many went."""
        rows = self._waiting.pop(key, None) or _beyond(database, key, keep)
        # Two times may be in the wrong order, where somebody set the clock back; revisions never are.
        before = time.time() * 1000 - SETTLED_MS
        oldest = rows[-step:]
        while oldest and oldest[0][1] > before:
            del oldest[0]
        if oldest:
            forget_revisions(database, (revision for revision, _ in oldest))
            del rows[-len(oldest) :]
        if rows:
            if len(self._waiting) == _KEYS:
                self._waiting.clear()
            self._waiting[key] = rows
        return len(oldest)


def _beyond(database: Database, key: bytes, keep: int) -> list[tuple[int, int]]:
    return database.rows(_BEYOND, {"key": key, "keep": keep})


def has_more(database: Database, key: bytes, keep: int) -> bool:
    """Whether more than so many revisions of a key are kept. Raises our errors."""
    return database.one(_HAS_MORE, {"key": key, "keep": keep}) is not None


def forget_revisions(database: Database, revisions: Iterable[int]) -> int:
    """Inside a transaction; returns how many there were."""
    database.execute(_FORGET, (f"[{','.join(map(str, revisions))}]",))
    return database.connection.changes()
