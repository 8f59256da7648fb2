"""How much history is kept, and forgetting the rest in steps that no writer notices.

A key's oldest rows go first, so that what a kept row became can always be told from the row after it. The
newest row of all is never forgotten: revisions are counted from it.
"""

from __future__ import annotations

from sloth_tui.store.process import exists

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.connection import Database

STEP = 256
"""Revisions, or deleted keys, that one transaction forgets."""
RECENT = 1024
"""Newest revisions, among whose keys a sweep looks for those that other programs write much."""
CHANGES_STEP = 4096
CHANGES_WINDOW = 16 * CHANGES_STEP
"""Change sets that a sweep looks at; with fewer there are none to spare."""
_SWEEP_EVERY_MS = 3600 * 1000
_DAY_MS = 86400 * 1000

# A low-discrepancy sequence (Knuth's multiplicative hashing): one write in 16, whatever the order of keys.
_GOLDEN = 0x9E3779B1
_ONE_IN_16 = 1 << 28

_HAS_MORE = "SELECT 1 FROM sloth_history WHERE key = ? ORDER BY revision DESC LIMIT 1 OFFSET ?"
_FORGET = """DELETE FROM sloth_history WHERE revision IN (
    SELECT revision FROM sloth_history WHERE key = CAST(:key AS TEXT) AND revision <= (
        SELECT revision FROM sloth_history WHERE key = CAST(:key AS TEXT)
        ORDER BY revision DESC LIMIT 1 OFFSET :keep)
    ORDER BY revision LIMIT :step)"""
_NEWEST = "(SELECT max(revision) FROM sloth_history)"
_CROWDED = """SELECT CAST(key AS BLOB) FROM sloth_history GROUP BY key HAVING count(*) > ?"""
_LONG_GONE = f"""SELECT CAST(key AS BLOB), revision FROM sloth_history AS gone
    WHERE operation = 'delete' AND at < ? AND revision < {_NEWEST}
    AND NOT EXISTS (SELECT 1 FROM sloth_history WHERE key = gone.key AND revision > gone.revision)
    ORDER BY at LIMIT {STEP}"""
_FORGET_GONE = "DELETE FROM sloth_history WHERE key = CAST(? AS TEXT) AND revision <= ?"
_BUSY = f"""SELECT CAST(key AS BLOB) FROM (
        SELECT DISTINCT key FROM (SELECT key FROM sloth_history ORDER BY revision DESC LIMIT {RECENT})
    ) AS recent WHERE EXISTS (
        SELECT 1 FROM sloth_history WHERE key = recent.key ORDER BY revision DESC LIMIT 1 OFFSET ?)"""
_OLD_CHANGES = "SELECT id, pid FROM sloth_changes WHERE at < ? AND id > ? ORDER BY id LIMIT ?"
_REFERENCED = """SELECT change FROM sloth_history WHERE change BETWEEN :first AND :last
    UNION SELECT change FROM sloth_lock_breaks WHERE change BETWEEN :first AND :last"""
_META = "SELECT value FROM sloth_meta WHERE name = ?"
_SET_META = "INSERT OR REPLACE INTO sloth_meta (name, value) VALUES (?, ?)"
_NOW = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"


def is_due(database: Database) -> bool:
    """Whether the handle's next write should forget something."""
    return (database.writes * _GOLDEN & 0xFFFFFFFF) < _ONE_IN_16


def keep_within_limits(database: Database, key: str) -> None:
    """Now and then, after a write of ``key`` and in its transaction, forget its oldest revisions.

    The first write of a handle always does, so that one-shot commands do their part. A key may thus have
    a few revisions more than the setting says.
    """
    due = is_due(database)
    database.writes += 1
    if due and database.execute(_HAS_MORE, (key, 1)).get is not None:
        keep = _settings(database)[0]
        if database.execute(_HAS_MORE, (key, keep)).get is not None:
            database.execute(_FORGET, {"key": key.encode(), "keep": keep, "step": STEP})


def sweep(database: Database) -> None:
    """Forget some of what no write of ours comes across: what was deleted too long ago, the surplus of keys
    that other programs write, change sets of which nothing is left.

    Once an hour, whoever does it; again with the next handle where revisions are left over.
    """
    now = database.one(_NOW)
    swept = database.one(_META, ("swept_at",))
    if isinstance(swept, int) and 0 <= now - swept < _SWEEP_EVERY_MS:
        return
    keep, days = _settings(database)
    deleted = _forget_deleted(database, now - int(days * _DAY_MS))
    surplus = _forget_surplus(database, keep)
    if deleted < STEP and surplus < STEP:
        with database.unfenced:
            database.execute(_SET_META, ("swept_at", now))
        _forget_changes(database, now - _DAY_MS)


def prune(database: Database, keep: int, keep_deleted_days: float) -> int:
    """Everything beyond these limits; returns how many revisions went."""
    before = database.one(_NOW) - int(keep_deleted_days * _DAY_MS)
    forgotten = 0
    for (key,) in database.rows(_CROWDED, (keep,)):
        forgotten += _repeat(database, _FORGET, {"key": key, "keep": keep, "step": STEP})
    while step := _forget_deleted(database, before):
        forgotten += step
    last: int | None = 0
    while last is not None:
        last = _forget_changes_after(database, last, before)
    return forgotten


def _repeat(database: Database, statement: str, bindings: dict[str, object]) -> int:
    total = 0
    while True:
        with database.unfenced:
            database.execute(statement, bindings)
            changed = database.connection.changes()
        if not changed:
            return total
        total += changed


def _forget_surplus(database: Database, keep: int) -> int:
    """Up to a step of the oldest revisions of keys that were written lately; returns how many went."""
    busy = database.rows(_BUSY, (keep,))
    forgotten = 0
    if busy:
        with database.unfenced:
            for (key,) in busy:
                database.execute(_FORGET, {"key": key, "keep": keep, "step": STEP - forgotten})
                forgotten += database.connection.changes()
    return forgotten


def _forget_changes(database: Database, before: int) -> None:
    """One window of the change sets opened before a time; the next sweep goes on after it."""
    if database.one("SELECT count(*) FROM sloth_changes") < CHANGES_WINDOW // 64:
        return
    after = database.one(_META, ("swept_change",))
    last = _forget_changes_after(database, after if isinstance(after, int) else 0, before)
    with database.unfenced:
        database.execute(_SET_META, ("swept_change", last or 0))


def _forget_changes_after(database: Database, after: int, before: int) -> int | None:
    """Those that nothing refers to, of the next window; returns its last, None where there are no more.

    That of a process which still runs may be referred to by what it writes next.
    """
    window = dict(database.rows(_OLD_CHANGES, (before, after, CHANGES_WINDOW)))
    if not window:
        return None
    last = max(window)
    referenced = {change for (change,) in database.rows(_REFERENCED, {"first": min(window), "last": last})}
    spare = [change for change, pid in window.items() if change not in referenced and not exists(pid)]
    for first in range(0, len(spare), CHANGES_STEP):
        with database.unfenced:
            for change in spare[first : first + CHANGES_STEP]:
                database.execute("DELETE FROM sloth_changes WHERE id = ?", (change,))
    return last if len(window) == CHANGES_WINDOW else None


def _forget_deleted(database: Database, before: int) -> int:
    gone = database.rows(_LONG_GONE, (before,))
    if not gone:
        return 0
    forgotten = 0
    with database.unfenced:
        for key, revision in gone:
            database.execute(_FORGET_GONE, (key, revision))
            forgotten += database.connection.changes()
    return forgotten


def _settings(database: Database) -> tuple[int, float]:
    """Revisions kept of each key, days that deletions are kept. Read once, by the first write."""
    if database.limits is None:
        from sloth_tui.settings import load_settings

        settings = load_settings()
        database.limits = (settings.keep_revisions, settings.keep_deleted_days)
    return database.limits
