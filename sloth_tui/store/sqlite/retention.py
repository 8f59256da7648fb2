"""How much history is kept while state is written, without anybody asking.

A key's oldest rows go first, so that what a kept row became can always be told from the row after it. The
newest row of all is never forgotten: revisions are counted from it. What was written a moment ago is kept
whatever the settings say, so that who follows the changes as they come misses none.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.settings import Settings
    from sloth_tui.store.sqlite.connection import Database

STEP = 256
"""Rows, or deleted keys, that one transaction forgets."""
SETTLED_MS = 10 * 1000
"""How old a row has to be to be forgotten: ten times what the slowest follower takes to come and see."""
_SWEEP_EVERY_MS = 3600 * 1000
_DAY_MS = 86400 * 1000

# A low-discrepancy sequence (Knuth's multiplicative hashing): one write in 16, whatever the order of keys.
_GOLDEN = 0x9E3779B1
_ONE_IN_16 = 1 << 28

_HAS_MORE = "SELECT 1 FROM sloth_history WHERE key = ? ORDER BY revision DESC LIMIT 1 OFFSET ?"
# The times of two rows may be in the wrong order, where somebody set the clock back; revisions never are.
_FORGET = f"""DELETE FROM sloth_history WHERE key = CAST(:key AS TEXT) AND revision <= (
    SELECT max(revision) FROM (
        SELECT revision, at FROM sloth_history WHERE key = CAST(:key AS TEXT) AND revision <= (
            SELECT revision FROM sloth_history WHERE key = CAST(:key AS TEXT)
            ORDER BY revision DESC LIMIT 1 OFFSET :keep)
        ORDER BY revision LIMIT {STEP})
    WHERE at <= :before)"""
_LONG_GONE = f"""SELECT CAST(key AS BLOB), revision FROM sloth_history AS gone
    WHERE operation = 'delete' AND at < ? AND revision < (SELECT max(revision) FROM sloth_history)
    AND NOT EXISTS (SELECT 1 FROM sloth_history WHERE key = gone.key AND revision > gone.revision)
    ORDER BY at LIMIT {STEP}"""
_FORGET_GONE = "DELETE FROM sloth_history WHERE key = CAST(? AS TEXT) AND revision <= ?"
_NOTE_GONE = """INSERT OR REPLACE INTO sloth_meta (name, value) SELECT 'forgotten', max(
    coalesce((SELECT value FROM sloth_meta WHERE name = 'forgotten'), 0),
    coalesce((SELECT revision FROM sloth_forgotten WHERE key = CAST(:key AS TEXT)), 0))"""
_DROP_NOTE = "DELETE FROM sloth_forgotten WHERE key = CAST(:key AS TEXT)"
NOW = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"


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
        keep = settings_of(database).keep_revisions
        if database.execute(_HAS_MORE, (key, keep)).get is not None:
            before = database.execute(NOW).get - SETTLED_MS
            database.execute(_FORGET, {"key": key.encode(), "keep": keep, "before": before})


def sweep(database: Database) -> None:
    """Forget some of what was deleted too long ago; at most once an hour, whoever does it."""
    now = database.execute(NOW).get
    swept = database.execute("SELECT value FROM sloth_meta WHERE name = 'swept_at'").get
    if isinstance(swept, int) and 0 <= now - swept < _SWEEP_EVERY_MS:
        return
    with database.unfenced:
        database.execute("INSERT OR REPLACE INTO sloth_meta (name, value) VALUES ('swept_at', ?)", (now,))
    gone = database.rows(_LONG_GONE, (long_ago(now, settings_of(database).keep_deleted_days),))
    if gone:
        with database.unfenced:
            for key, revision in gone:
                database.execute(_FORGET_GONE, (key, revision))
                note_gone(database, key)


def note_gone(database: Database, key: bytes) -> None:
    """Of this key no row is left: one note for all such keys says up to which revision."""
    database.execute(_NOTE_GONE, {"key": key})
    database.execute(_DROP_NOTE, {"key": key})


def long_ago(now: int, days: float) -> int:
    """Unix milliseconds."""
    return now - int(days * _DAY_MS)


def settings_of(database: Database) -> Settings:
    """What the settings say of history. Read once, by the first write. Raises InvalidConfig."""
    if database.settings is None:
        from sloth_tui.settings import load_settings

        database.settings = load_settings()
    return database.settings
