"""Forgetting on request: a list of rows, made without stopping anybody, then deleted in short transactions.

The list is in the order of revisions, so that wherever it is broken off, each key has lost its oldest rows
first. Between two transactions others get their turn.
"""

from __future__ import annotations

import time

from sloth_tui.store.sqlite.entries.retention import (
    NOW,
    forget_changes_after,
    long_ago,
    note_gone,
    settings_of,
)
from sloth_tui.store.sqlite.sql.chain import has_rows
from sloth_tui.store.sqlite.surplus import forget_revisions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.sqlite.engine.database import Database

    Progress = Callable[[int, int], None]
    """Told how many revisions are gone, of how many."""

_MOST, _FEWEST = 4096, 16
_LONG, _SHORT = 0.010, 0.004
"""Seconds a transaction should stay between; twice that, on a machine with better things to do, is still
far below what a writer would notice."""
_PAUSE = 0.002
"""Seconds between two transactions: a writer that waits looks again within one millisecond."""
_PAGES = 64
"""Free pages given back to the file system at once."""

_DISPENSABLE = """SELECT revision FROM (
    SELECT revision, row_number() OVER newest AS place, first_value(revision) OVER newest AS last,
        first_value(operation) OVER newest AS operation, first_value(at) OVER newest AS at
    FROM sloth_history WINDOW newest AS (PARTITION BY key ORDER BY revision DESC))
    WHERE revision < (SELECT max(revision) FROM sloth_history) AND (place > :keep AND revision <= :upto
        OR operation = 'delete' AND at < :gone AND last < (SELECT max(revision) FROM sloth_history))
    ORDER BY revision"""
_GONE = f"SELECT CAST(key AS BLOB) FROM sloth_forgotten AS noted WHERE NOT {has_rows('noted.key')}"
_IS_KEPT = f"SELECT 1 WHERE {has_rows('CAST(:key AS TEXT)')}"
_EVERY_REVISION = 2**63 - 1
_NONE = -(2**62)


def prune(database: Database, keep: int, keep_deleted_days: float) -> int:
    """Everything beyond these limits; returns how many revisions went."""
    now = database.one(NOW)
    gone = long_ago(now, keep_deleted_days)
    return _forget(database, {"keep": keep, "upto": _EVERY_REVISION, "gone": gone}, gone, None)


def compact(database: Database, keep: int, upto: int | None, progress: Progress | None) -> int:
    """All but the newest ``keep`` of each key, where they are not newer than revision ``upto``."""
    limit = _EVERY_REVISION if upto is None else upto
    before = long_ago(database.one(NOW), settings_of(database).keep_deleted_days)
    return _forget(database, {"keep": keep, "upto": limit, "gone": _NONE}, before, progress)


def shrink(database: Database) -> None:
    """Give free pages back to the file system, where the file was made so that it can."""
    while database.one("PRAGMA main.auto_vacuum") == 2 and database.one("PRAGMA main.freelist_count"):
        with database.unfenced:
            database.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
        time.sleep(_PAUSE)


def _forget(
    database: Database, limits: dict[str, int], changes_before: int, progress: Progress | None
) -> int:
    dispensable = [revision for (revision,) in database.rows(_DISPENSABLE, limits)]
    if not dispensable:
        return 0
    done, step, forgotten = 0, 256, 0
    while done < len(dispensable):
        batch = dispensable[done : done + step]
        started = time.perf_counter()
        with database.unfenced:
            forgotten += forget_revisions(database, batch)
        step = _next_step(step, time.perf_counter() - started)
        done += len(batch)
        if progress is not None:
            progress(done, len(dispensable))
        time.sleep(_PAUSE)
    _note_all_gone(database)
    last: int | None = 0
    while last is not None:
        last = forget_changes_after(database, last, changes_before)
    return forgotten


def _next_step(step: int, took: float) -> int:
    if took > _LONG:
        return max(step // 2, _FEWEST)
    return min(step * 2, _MOST) if took < _SHORT else step


def _note_all_gone(database: Database) -> None:
    keys = [key for (key,) in database.rows(_GONE)]
    for at in range(0, len(keys), _MOST // 16):
        with database.unfenced:
            for key in keys[at : at + _MOST // 16]:
                if database.execute(_IS_KEPT, {"key": key}).get is None:
                    note_gone(database, key)
        time.sleep(_PAUSE)
