"""Locks of processes that are gone, and a clock that is behind what was written."""

from __future__ import annotations

import time

from sloth_tui.model import Check
from sloth_tui.store.clock import SYSTEM_CLOCK
from sloth_tui.store.sqlite.engine.lease import COLUMNS, Lease
from sloth_tui.store.sqlite.sql.rows import TIME
from sloth_tui.text import format_count, format_duration, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.sqlite.engine.connection import OpenDatabase

_LOCKS = f"SELECT {COLUMNS} FROM locks WHERE name IS NOT NULL ORDER BY name"
_NEWEST = f"""SELECT max(coalesce((SELECT max({TIME.format("updated_at")}) FROM state), 0),
    coalesce((SELECT max(at) / 1000.0 FROM sloth_history), 0))"""
_TOLERANCE_SECONDS = 5.0


def leases(agent: str, database: OpenDatabase, full: bool) -> Iterator[Check]:
    held = database.made_of(lambda row: Lease(row, SYSTEM_CLOCK), _LOCKS)
    dead = [lease.name for lease in held if lease.ephemeral and lease.alive() is False]
    if dead:
        yield Check(
            "locks",
            "warning",
            f"{format_count(len(dead), 'lock')} of processes that are gone: {listed(dead)}",
            "whoever wants one gets it",
        )
    else:
        yield Check("locks", "ok", format_count(len(held), "lock"), None)


def clock(agent: str, database: OpenDatabase, full: bool) -> Iterator[Check]:
    newest = database.one(_NEWEST)
    ahead = (newest if isinstance(newest, (int, float)) else 0) - time.time()
    if ahead > _TOLERANCE_SECONDS:
        yield Check(
            "clock",
            "warning",
            f"this machine's clock is {format_duration(ahead)} behind the newest change",
            "set it: times of changes will not be in their order until then",
        )
    else:
        yield Check("clock", "ok", "not behind the newest change", None)
