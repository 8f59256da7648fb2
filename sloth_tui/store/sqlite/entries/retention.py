"""How much history is kept while state is written, without anybody asking.

A key's oldest rows go first, so that what a kept row became can always be told from the row after it. The
newest row of all is never forgotten: revisions are counted from it.
"""

from __future__ import annotations

from sloth_tui.errors import SlothError
from sloth_tui.store.process import exists
from sloth_tui.store.sqlite.sql.chain import chain, deletion
from sloth_tui.store.sqlite.surplus import STEP, forget_surplus, has_more

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.settings import Settings
    from sloth_tui.store.sqlite.engine.database import Database

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
NOW = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"


def keep_within_limits(database: Database, key: str, revision: int) -> None:
    """Now and then, after a write of ``key`` that made this revision, forget its oldest ones.

    The first write of a handle always does, so that one-shot commands do their part. A key may thus have a
    few revisions more than the setting says. What was written stays so: where nothing can be forgotten, a
    later write will.
    """
    due = (database.writes * _GOLDEN & 0xFFFFFFFF) < _ONE_IN_16
    database.writes += 1
    stored = key.encode()
    if not due or database.resting.includes(stored):
        return
    try:
        if database.settings is None and not has_more(database, stored, 1):
            return
        keep = settings_of(database).keep_revisions
        # Where very many are kept it takes as many steps to see whether there are more: not for each write.
        if revision % max(1, keep // STEP) == 0 and has_more(database, stored, keep):
            forget_surplus(database, stored, keep)
    except SlothError:
        pass


def sweep(database: Database) -> None:
    """Forget some of what no write of ours comes across: what was deleted too long ago, the surplus of keys
    that other programs write, change sets of which nothing is left.

    Once an hour, whoever does it; again with the next handle where revisions are left over.
    """
    now = database.one(NOW)
    swept = database.one(_META, ("swept_at",))
    if isinstance(swept, int) and 0 <= now - swept < _SWEEP_EVERY_MS:
        return
    settings = settings_of(database)
    deleted = _forget_deleted(database, long_ago(now, settings.keep_deleted_days))
    surplus = _forget_surplus(database, settings.keep_revisions)
    if deleted < STEP and surplus < STEP:
        with database.unfenced:
            database.execute(_SET_META, ("swept_at", now))
        _forget_changes(database, now - _DAY_MS)


def _forget_surplus(database: Database, keep: int) -> int:
    """A step of the oldest revisions of keys that were written lately; returns how many went."""
    forgotten = 0
    for (key,) in database.rows(_BUSY, {"keep": keep}):
        forgotten += forget_surplus(database, key, keep)
        if forgotten >= STEP:
            break
    return forgotten


def _forget_changes(database: Database, before: int) -> None:
    """One window of the change sets opened before a time; the next sweep goes on after it."""
    if database.one("SELECT count(*) FROM sloth_changes") < CHANGES_WINDOW // 64:
        return
    after = database.one(_META, ("swept_change",))
    last = forget_changes_after(database, after if isinstance(after, int) else 0, before)
    with database.unfenced:
        database.execute(_SET_META, ("swept_change", last or 0))


def forget_changes_after(database: Database, after: int, before: int) -> int | None:
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
            database.execute(_FORGET_GONE, {"key": key, "revision": revision})
            forgotten += database.connection.changes()
            note_gone(database, key)
    return forgotten


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
