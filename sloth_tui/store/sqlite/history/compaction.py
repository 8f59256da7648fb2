"""Forget history on request: list the rows without blocking writers, then delete them in short transactions.

The list is in the order of revisions: wherever the work is interrupted, each key has lost its oldest rows
first. Between two transactions other writers get their turn.
"""

from __future__ import annotations

import time

from sloth_tui.store.sqlite.entries.retention import (
    NOW,
    forget_changes_after,
    forget_revisions,
    long_ago,
    note_gone,
    settings_of,
)
from sloth_tui.store.sqlite.sql.chain import has_rows
from sloth_tui.values.codec import MAX_INTEGER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.store.sqlite.engine.database import Database

    Progress = Callable[[int, int], None]
    """Called with (revisions forgotten, total)."""

_MAX_STEP, _MIN_STEP = 4096, 16
_SLOW_SECONDS, _FAST_SECONDS = 0.010, 0.004
"""Bounds for the duration of a transaction. Even twice the upper bound, on a busy machine, is far below what
a writer would notice."""
_PAUSE_SECONDS = 0.002
"""Pause between two transactions: a waiting writer retries within one millisecond."""
_PAGES_PER_VACUUM = 64
"""Free pages returned to the file system in one step."""

_DISPENSABLE = """SELECT revision FROM (
    SELECT revision, row_number() OVER newest AS place, first_value(revision) OVER newest AS last,
        first_value(operation) OVER newest AS operation, first_value(at) OVER newest AS at
    FROM sloth_history WINDOW newest AS (PARTITION BY key ORDER BY revision DESC))
    WHERE revision < (SELECT max(revision) FROM sloth_history) AND (place > :keep AND revision <= :upto
        OR operation = 'delete' AND at < :gone AND last < (SELECT max(revision) FROM sloth_history))
    ORDER BY revision"""
_GONE = f"SELECT CAST(key AS BLOB) FROM sloth_forgotten AS noted WHERE NOT {has_rows('noted.key')}"
_IS_KEPT = f"SELECT 1 WHERE {has_rows('CAST(:key AS TEXT)')}"
_EVERY_REVISION = MAX_INTEGER
_NONE = -(2**62)


def prune(database: Database, keep: int, keep_deleted_days: float) -> int:
    """Forget all revisions beyond these limits; return the number forgotten."""
    now = database.one(NOW)
    gone = long_ago(now, keep_deleted_days)
    return _forget(database, {"keep": keep, "upto": _EVERY_REVISION, "gone": gone}, gone, None)


def compact(database: Database, keep: int, upto: int | None, progress: Progress | None) -> int:
    """Forget all but the newest ``keep`` revisions of each key, up to revision ``upto``; return the
    number."""
    limit = _EVERY_REVISION if upto is None else upto
    before = long_ago(database.one(NOW), settings_of(database).keep_deleted_days)
    return _forget(database, {"keep": keep, "upto": limit, "gone": _NONE}, before, progress)


def shrink(database: Database) -> None:
    """Return free pages to the file system, if the database was created with incremental vacuum."""
    while database.one("PRAGMA main.auto_vacuum") == 2 and database.one("PRAGMA main.freelist_count"):
        with database.transaction(fenced=False):
            database.execute(f"PRAGMA incremental_vacuum({_PAGES_PER_VACUUM})").fetchall()
        time.sleep(_PAUSE_SECONDS)


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
        with database.transaction(fenced=False):
            forgotten += forget_revisions(database, batch)
        step = _next_step(step, time.perf_counter() - started)
        done += len(batch)
        if progress is not None:
            progress(done, len(dispensable))
        time.sleep(_PAUSE_SECONDS)
    _note_all_gone(database)
    last: int | None = 0
    while last is not None:
        last = forget_changes_after(database, last, changes_before)
    return forgotten


def _next_step(step: int, took: float) -> int:
    if took > _SLOW_SECONDS:
        return max(step // 2, _MIN_STEP)
    return min(step * 2, _MAX_STEP) if took < _FAST_SECONDS else step


def _note_all_gone(database: Database) -> None:
    keys = [key for (key,) in database.rows(_GONE)]
    for at in range(0, len(keys), _MAX_STEP // 16):
        with database.transaction(fenced=False):
            for key in keys[at : at + _MAX_STEP // 16]:
                if database.execute(_IS_KEPT, {"key": key}).get is None:
                    note_gone(database, key)
        time.sleep(_PAUSE_SECONDS)
