"""Keys whose old values history does not keep: marked one by one, or matching a pattern of the settings.

Both are noted in the database, because the triggers that keep the history run inside other programs too. What
was noted once stays: settings of another user, which do not name a pattern, do not make it void.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.schema.history_triggers import HIDDEN
from sloth_tui.store.sqlite.sql.keys import key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.store.sqlite.engine.database import Database

_PATTERNS = "SELECT pattern FROM sloth_secret_patterns"
_ADD_PATTERN = "INSERT OR IGNORE INTO sloth_secret_patterns (pattern) VALUES (?)"
_ADD_KEY = "INSERT OR IGNORE INTO sloth_secrets (key) VALUES (CAST(? AS TEXT))"
_HIDE = f"UPDATE sloth_history SET old = x'', old_type = '{HIDDEN}' WHERE old IS NOT NULL"
_HIDE_MATCHING = f"{_HIDE} AND key GLOB ?"
_HIDE_KEY = f"{_HIDE} AND key = CAST(? AS TEXT)"


def note_patterns(database: Database, patterns: Iterable[str]) -> None:
    """Note these patterns, which are GLOB's, and drop what history holds of the keys they match; inside a
    transaction."""
    wanted = set(patterns)
    if not wanted:
        return
    known = {pattern for (pattern,) in database.execute(_PATTERNS)}
    for pattern in sorted(wanted - known):
        database.execute(_ADD_PATTERN, (pattern,))
        database.execute(_HIDE_MATCHING, (pattern,))
        database.erased = True


def mark_secret(database: Database, key: str) -> None:
    """Note this key, and drop what history holds of it."""
    stored = key_bytes(key)
    with database.writing:
        database.execute(_ADD_KEY, (stored,))
        if database.connection.changes():
            database.execute(_HIDE_KEY, (stored,))
            database.erased = True
