"""How much history is kept, and forgetting the rest in steps that no writer notices.

A key's oldest rows go first, so that what a kept row became can always be told from the row after it. The
newest row of all is never forgotten: revisions are counted from it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.connection import Database

STEP = 256
"""Rows, or deleted keys, that one transaction forgets."""
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
_UNREFERENCED = """SELECT id FROM sloth_changes WHERE at < ? AND id NOT IN (
    SELECT change FROM sloth_history WHERE change IS NOT NULL)"""
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
    if due:
        keep = _settings(database)[0]
        if database.execute(_HAS_MORE, (key, keep)).get is not None:
            database.execute(_FORGET, {"key": key.encode(), "keep": keep, "step": STEP})


def sweep(database: Database) -> None:
    """Forget some of what was deleted too long ago; at most once an hour, whoever does it."""
    now = database.execute(_NOW).get
    swept = database.execute("SELECT value FROM sloth_meta WHERE name = 'swept_at'").get
    if isinstance(swept, int) and 0 <= now - swept < _SWEEP_EVERY_MS:
        return
    with database.unfenced:
        database.execute("INSERT OR REPLACE INTO sloth_meta (name, value) VALUES ('swept_at', ?)", (now,))
    _forget_deleted(database, now - int(_settings(database)[1] * _DAY_MS))


def prune(database: Database, keep: int, keep_deleted_days: float) -> int:
    """Everything beyond these limits; returns how many revisions went."""
    before = database.one(_NOW) - int(keep_deleted_days * _DAY_MS)
    forgotten = 0
    for (key,) in database.rows(_CROWDED, (keep,)):
        forgotten += _repeat(database, _FORGET, {"key": key, "keep": keep, "step": STEP})
    while step := _forget_deleted(database, before):
        forgotten += step
    for (change,) in database.rows(_UNREFERENCED, (before,)):
        if change != database.change:
            with database.unfenced:
                database.execute("DELETE FROM sloth_changes WHERE id = ?", (change,))
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
