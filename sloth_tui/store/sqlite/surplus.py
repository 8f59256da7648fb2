"""Revisions of a key beyond those that the settings keep, forgotten by who writes the key.

A walk from the key's newest revision finds them. A key that another program has written without end is not
walked to its end: its oldest rows are then the first that are met from the other side.
"""

from __future__ import annotations

import time

from sloth_tui.store.sqlite.sql.chain import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.store.sqlite.engine.database import Database

STEP = 256
"""Revisions, or deleted keys, that one transaction forgets."""
SETTLED_MS = 10 * 1000
"""How old a row has to be to be forgotten: ten times what the slowest follower takes to come and see. What is
younger is kept whatever the settings say, so that who follows the changes as they come misses none."""
_LONGEST_WALK = 4096
"""Rows beyond those to keep."""
_REST = 0.1
"""Of the time in which a row settles: how long a key is left alone when a look found less than a step."""
_RESTING_KEYS = 1024

_KEY = "CAST(:key AS TEXT)"
_HAS_MORE = f"SELECT 1 FROM {chain(_KEY, most=':keep + 1')} LIMIT 1 OFFSET :keep"
_BEYOND = f"""SELECT revision FROM {chain(_KEY, most=f":keep + {_LONGEST_WALK}")} LIMIT -1 OFFSET :keep"""
_OLDEST = f"""SELECT revision FROM sloth_history WHERE key = {_KEY}
    AND revision > coalesce((SELECT revision FROM sloth_forgotten WHERE key = {_KEY}), 0)
    ORDER BY revision LIMIT {STEP}"""
# Two times may be in the wrong order, where somebody set the clock back; revisions never are.
_SETTLED = """WITH surplus AS MATERIALIZED (
        SELECT revision, at FROM json_each(:revisions) JOIN sloth_history ON revision = value)
    SELECT revision FROM surplus
    WHERE revision <= (SELECT max(revision) FROM surplus WHERE at <= :before) ORDER BY revision"""
_FORGET = "DELETE FROM sloth_history WHERE revision IN (SELECT value FROM json_each(?))"


class Resting:
    """Keys that a handle need not look at again so soon. One that is written in a tight loop always has more
    revisions than are kept, since they have to settle first."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[bytes, float] = {}

    def includes(self, key: bytes) -> bool:
        until = self._until.get(key)
        return until is not None and time.monotonic() < until

    def add(self, key: bytes) -> None:
        if len(self._until) >= _RESTING_KEYS:
            self._until.clear()
        self._until[key] = time.monotonic() + SETTLED_MS / 1000 * _REST


def has_more(database: Database, key: bytes, keep: int) -> bool:
    """Whether more than so many revisions of a key are kept. Raises our errors."""
    return database.one(_HAS_MORE, {"key": key, "keep": keep}) is not None


def forget_surplus(database: Database, key: bytes, keep: int) -> int:
    """Up to a step of a key's oldest revisions; returns how many went. They are looked for before there is a
    transaction, so that nobody waits for that. Raises our errors."""
    beyond = [revision for (revision,) in database.rows(_BEYOND, {"key": key, "keep": keep})]
    if len(beyond) == _LONGEST_WALK:
        beyond = [revision for (revision,) in database.rows(_OLDEST, {"key": key})]
    before = int(time.time() * 1000) - SETTLED_MS
    bindings = {"revisions": _array(sorted(beyond)[:STEP]), "before": before}
    settled = [revision for (revision,) in database.rows(_SETTLED, bindings)]
    if len(settled) < STEP:
        database.resting.add(key)
    if not settled:
        return 0
    with database.unfenced:
        return forget_revisions(database, settled)


def forget_revisions(database: Database, revisions: Iterable[int]) -> int:
    """Forget these, inside a transaction; returns how many there were."""
    database.execute(_FORGET, (_array(revisions),))
    database.erased = True
    return database.connection.changes()


def _array(revisions: Iterable[int]) -> str:
    return f"[{','.join(map(str, revisions))}]"
