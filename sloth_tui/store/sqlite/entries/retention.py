"""Retention: forget old history automatically while entries are written.

A key's oldest rows are forgotten first, because the new value of a row is in the key's next row. The newest
row of the whole history is never forgotten: revisions are counted from it.

A walk from a key's newest revision finds the revisions beyond the limit of the settings. If another program
has written a key very often, the walk stops early, and the oldest rows are found by a search from the other
end.
"""

from __future__ import annotations

import time

from sloth_tui.errors import SlothError
from sloth_tui.store.sqlite.sql.chain import chain, deletion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.settings import Settings
    from sloth_tui.store.sqlite.engine.database import Database

STEP = 256
"""Revisions, or deleted keys, that one transaction forgets."""
SETTLED_MS = 10 * 1000
"""Age before a row may be forgotten: ten times the poll interval of the slowest follower. Younger rows are
kept whatever the settings say, so that a program that follows the changes misses none."""
_TRIM_PAUSE_FACTOR = 0.1
"""Part of SETTLED_MS for which a key is not checked again after a check found less than a step."""
_LONGEST_WALK = 4096
"""Rows beyond those to keep."""
RECENT = 1024
"""Number of newest revisions among whose keys a sweep looks for keys that other programs write often."""
CHANGES_STEP = 4096
CHANGES_WINDOW = 16 * CHANGES_STEP
"""Number of change sets that a sweep examines."""
_SWEEP_EVERY_MS = 3600 * 1000
_DAY_MS = 86400 * 1000

# A low-discrepancy sequence (Knuth's multiplicative hashing): one write in 16, whatever the order of keys.
_GOLDEN = 0x9E3779B1
_ONE_IN_16 = 1 << 28

_KEY = "CAST(:key AS TEXT)"
_LONG_GONE = f"""SELECT CAST(key AS BLOB), revision FROM sloth_history AS gone
    WHERE operation = 'delete' AND at < ? AND revision < (SELECT max(revision) FROM sloth_history)
    AND revision = {deletion("gone.key")} AND NOT EXISTS (SELECT 1 FROM state WHERE key = gone.key)
    ORDER BY at LIMIT {STEP}"""
_FORGET_GONE = f"""DELETE FROM sloth_history WHERE revision IN (
    SELECT revision FROM {chain(_KEY)} WHERE revision <= :revision)"""
_NOTE_GONE = """INSERT OR REPLACE INTO sloth_meta (name, value) SELECT 'forgotten', max(
    coalesce((SELECT value FROM sloth_meta WHERE name = 'forgotten'), 0),
    coalesce((SELECT revision FROM sloth_forgotten WHERE key = CAST(:key AS TEXT)), 0))"""
_DROP_NOTE = "DELETE FROM sloth_forgotten WHERE key = CAST(:key AS TEXT)"
_BUSY = f"""SELECT CAST(key AS BLOB) FROM (
        SELECT DISTINCT key FROM (SELECT key FROM sloth_history ORDER BY revision DESC LIMIT {RECENT})
    ) AS recent WHERE EXISTS (
        SELECT 1 FROM {chain("recent.key", most=":keep + 1")} LIMIT 1 OFFSET :keep)"""
_OLD_CHANGES = "SELECT id, pid FROM sloth_changes WHERE at < ? AND id > ? ORDER BY id LIMIT ?"
_REFERENCED = """SELECT change FROM sloth_history WHERE change BETWEEN :first AND :last
    UNION SELECT change FROM sloth_lock_breaks WHERE change BETWEEN :first AND :last"""
_META = "SELECT value FROM sloth_meta WHERE name = ?"
_SET_META = "INSERT OR REPLACE INTO sloth_meta (name, value) VALUES (?, ?)"
_HAS_MORE = f"SELECT 1 FROM {chain(_KEY, most=':keep + 1')} LIMIT 1 OFFSET :keep"
_BEYOND = f"""SELECT revision FROM {chain(_KEY, most=f":keep + {_LONGEST_WALK}")} LIMIT -1 OFFSET :keep"""
_OLDEST = f"""SELECT revision FROM sloth_history WHERE key = {_KEY}
    AND revision > coalesce((SELECT revision FROM sloth_forgotten WHERE key = {_KEY}), 0)
    ORDER BY revision LIMIT {STEP}"""
# Two times may be in the wrong order, because a person may set the clock back; revisions never are.
_SETTLED = """WITH surplus AS MATERIALIZED (
        SELECT revision, at FROM json_each(:revisions) JOIN sloth_history ON revision = value)
    SELECT revision FROM surplus
    WHERE revision <= (SELECT max(revision) FROM surplus WHERE at <= :before) ORDER BY revision"""
_FORGET = "DELETE FROM sloth_history WHERE revision IN (SELECT value FROM json_each(?))"
NOW = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"


def keep_within_limits(database: Database, key: str, revision: int) -> None:
    """Now and then, after a write of ``key`` that made ``revision``, forget its oldest revisions.

    The first write of a handle always does this, so that one-shot commands do their part. A key may thus have
    a few revisions more than the setting says. Errors do not affect the write: a later write tries again.
    """
    due = (database.writes * _GOLDEN & 0xFFFFFFFF) < _ONE_IN_16
    database.writes += 1
    stored = key.encode()
    if not due or database.recently_trimmed.includes(stored):
        return
    try:
        if database.settings is None and not has_more(database, stored, 1):
            return
        keep = settings_of(database).keep_revisions
        # The check walks as many rows as are kept: with a high limit, not after each write.
        if revision % max(1, keep // STEP) == 0 and has_more(database, stored, keep):
            trim_revisions(database, stored, keep)
    except SlothError:
        pass


def sweep(database: Database) -> None:
    """Forget history that our own writes do not reach: old deletions, surplus revisions of keys that other
    programs write, change sets without revisions.

    Runs once an hour in any one process; again with the next handle if revisions are left over.
    """
    now = database.one(NOW)
    swept = database.one(_META, ("swept_at",))
    if isinstance(swept, int) and 0 <= now - swept < _SWEEP_EVERY_MS:
        return
    settings = settings_of(database)
    deleted = _forget_deleted(database, long_ago(now, settings.keep_deleted_days))
    surplus = _trim_busy_keys(database, settings.keep_revisions)
    if deleted < STEP and surplus < STEP:
        with database.transaction(fenced=False):
            database.execute(_SET_META, ("swept_at", now))
        _forget_changes(database, now - _DAY_MS)


def _trim_busy_keys(database: Database, keep: int) -> int:
    """Forget up to a step of the oldest revisions of recently written keys; return the number forgotten."""
    forgotten = 0
    for (key,) in database.rows(_BUSY, {"keep": keep}):
        forgotten += trim_revisions(database, key, keep)
        if forgotten >= STEP:
            break
    return forgotten


def _forget_changes(database: Database, before: int) -> None:
    """Forget unused change sets of one window, opened before a time; the next sweep continues after it."""
    if database.one("SELECT count(*) FROM sloth_changes") < CHANGES_WINDOW // 64:
        return
    after = database.one(_META, ("swept_change",))
    last = forget_changes_after(database, after if isinstance(after, int) else 0, before)
    with database.transaction(fenced=False):
        database.execute(_SET_META, ("swept_change", last or 0))


def forget_changes_after(database: Database, after: int, before: int) -> int | None:
    """Forget the change sets without revisions in the window after an id; return the window's last id, None
    at the end.

    Change sets of processes that still run are kept: their next write may belong to them.
    """
    from sloth_tui.store.process import exists

    window = dict(database.rows(_OLD_CHANGES, (before, after, CHANGES_WINDOW)))
    if not window:
        return None
    last = max(window)
    referenced = {change for (change,) in database.rows(_REFERENCED, {"first": min(window), "last": last})}
    spare = [change for change, pid in window.items() if change not in referenced and not exists(pid)]
    for first in range(0, len(spare), CHANGES_STEP):
        with database.transaction(fenced=False):
            for change in spare[first : first + CHANGES_STEP]:
                database.execute("DELETE FROM sloth_changes WHERE id = ?", (change,))
    return last if len(window) == CHANGES_WINDOW else None


def _forget_deleted(database: Database, before: int) -> int:
    gone = database.rows(_LONG_GONE, (before,))
    if not gone:
        return 0
    forgotten = 0
    with database.transaction(fenced=False):
        for key, revision in gone:
            database.execute(_FORGET_GONE, {"key": key, "revision": revision})
            forgotten += database.connection.changes()
            note_gone(database, key)
    return forgotten


def note_gone(database: Database, key: bytes) -> None:
    """Record that no row of this key is left: one number for all such keys, the last revision forgotten."""
    database.execute(_NOTE_GONE, {"key": key})
    database.execute(_DROP_NOTE, {"key": key})


def long_ago(now: int, days: float) -> int:
    """Return the time ``days`` before ``now``, in unix milliseconds."""
    return now - int(days * _DAY_MS)


def settings_of(database: Database) -> Settings:
    """Return the settings, which the first write reads once. Raises InvalidConfig."""
    if database.settings is None:
        database.settings = database.read_settings()
    return database.settings


def has_more(database: Database, key: bytes, keep: int) -> bool:
    """Return True if more than ``keep`` revisions of a key are kept. Raises SlothError."""
    return database.one(_HAS_MORE, {"key": key, "keep": keep}) is not None


def trim_revisions(database: Database, key: bytes, keep: int) -> int:
    """Forget up to a step of a key's oldest revisions beyond ``keep``; return the number forgotten. The
    search runs before the transaction, so that no writer waits for it. Raises SlothError."""
    beyond = [revision for (revision,) in database.rows(_BEYOND, {"key": key, "keep": keep})]
    if len(beyond) == _LONGEST_WALK:
        beyond = [revision for (revision,) in database.rows(_OLDEST, {"key": key})]
    before = int(time.time() * 1000) - SETTLED_MS
    bindings = {"revisions": _array(sorted(beyond)[:STEP]), "before": before}
    settled = [revision for (revision,) in database.rows(_SETTLED, bindings)]
    if len(settled) < STEP:
        database.recently_trimmed.add(key, SETTLED_MS / 1000 * _TRIM_PAUSE_FACTOR)
    if not settled:
        return 0
    with database.transaction(fenced=False):
        return forget_revisions(database, settled)


def forget_revisions(database: Database, revisions: Iterable[int]) -> int:
    """Forget these revisions, inside a transaction; return the number forgotten."""
    database.execute(_FORGET, (_array(revisions),))
    database.erased = True
    return database.connection.changes()


def _array(revisions: Iterable[int]) -> str:
    return f"[{','.join(map(str, revisions))}]"
