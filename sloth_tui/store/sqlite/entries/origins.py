"""The origins of changes, and the keys that hold secrets, as recorded in the database.

Each origin of a handle has a row in ``sloth_changes``, written with its first change.

History does not keep the old values of keys that were marked secret, or that match a pattern of the settings.
Marks and patterns are stored in the database, because the triggers that keep the history run inside other
programs too. A stored pattern stays: settings of another user that lack it do not remove it.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.entries.retention import settings_of
from sloth_tui.store.sqlite.sql.expressions import HIDDEN, NEXT_REVISION, NOW_MS
from sloth_tui.values.codec import check_key, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.origin import Origin
    from sloth_tui.store.sqlite.engine.database import Database

_OPEN = (
    "INSERT INTO sloth_changes (at, first_revision, user, host, pid, program, title, run, task) "
    f"VALUES ({NOW_MS}, {NEXT_REVISION}, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_PATTERNS = "SELECT pattern FROM sloth_secret_patterns"
_ADD_PATTERN = "INSERT OR IGNORE INTO sloth_secret_patterns (pattern) VALUES (?)"
_ADD_KEY = "INSERT OR IGNORE INTO sloth_secrets (key) VALUES (CAST(? AS TEXT))"
_HIDE = f"UPDATE sloth_history SET old = x'', old_type = '{HIDDEN}' WHERE old IS NOT NULL"
_HIDE_MATCHING = f"{_HIDE} AND key GLOB ?"
_HIDE_KEY = f"{_HIDE} AND key = CAST(? AS TEXT)"
_HIDE_MARKED = f"{_HIDE} AND old_type IS NOT '{HIDDEN}' AND key IN (SELECT key FROM sloth_secrets)"


def change_of(database: Database) -> int:
    """Return the id of the change set that the handle's writes belong to; call it inside a transaction.
    Raises InvalidConfig, since the settings say which keys hold secrets."""
    if database.change_set_id is None:
        if database.origin is None:
            from sloth_tui.origin import this_process

            database.origin = this_process("sloth-runner", "")
        change = open_change(database, database.origin)
        note_patterns(database, settings_of(database).secret_keys)
        database.change_set_id, database.change_set_depth = change, database.depth
    return database.change_set_id


def open_change(database: Database, origin: Origin) -> int:
    """Begin a change set, inside a transaction; return its id."""
    change: int = database.execute(_OPEN, tuple(map(_text, origin))).get
    return change


def note_patterns(database: Database, patterns: Iterable[str]) -> None:
    """Store these GLOB patterns, and drop the values that history holds of matching keys; call it inside a
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
    """Mark this key as secret, and drop the values that history holds of it. Raises InvalidKey."""
    stored = key_bytes(check_key(key))
    with database.transaction(fenced=True):
        database.execute(_ADD_KEY, (stored,))
        if database.connection.changes():
            database.execute(_HIDE_KEY, (stored,))
            database.erased = True


def mark_many(database: Database, keys: Iterable[str | bytes]) -> None:
    """Like :func:`mark_secret`, for keys that are known to be valid, inside a transaction."""
    before = database.connection.total_changes()
    database.connection.executemany(_ADD_KEY, ((key,) for key in keys))
    if database.connection.total_changes() != before:
        database.execute(_HIDE_MARKED)
        database.erased = True


def _text(part: object) -> object:
    """Return text with undecodable bytes of a command line as escapes; other values unchanged."""
    return part.encode("utf-8", "backslashreplace").decode() if isinstance(part, str) else part
