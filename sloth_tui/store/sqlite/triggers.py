"""What keeps the history: triggers, which record the writes of every program.

Our own writes say so by giving ``state.revision`` a new number. A write that leaves it alone is by a
program that knows nothing of us; the triggers then number it and drop the type, because such programs
write strings. INSERT OR REPLACE fires no delete trigger and loses our columns, so what it is about to
replace is put aside in ``sloth_replaced`` first. What a key that holds a secret was is not recorded, only
that it was something. The triggers run inside other programs: they use nothing that SQLite 3.8 lacks, and
pass over rows whose key is NULL, which the documented table allows.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.chains import deletion
from sloth_tui.store.sqlite.schema import NEXT_REVISION, NOW_MS

HIDDEN = "secret"
"""Stands as ``old_type`` of an ``old`` that is kept out of history."""


def is_secret(key: str) -> str:
    """An SQL condition: history does not keep what this key, an expression, was."""
    return (
        f"(EXISTS (SELECT 1 FROM sloth_secrets WHERE key = {key}) "
        f"OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE {key} GLOB pattern))"
    )


def old_value(key: str, value: str, kind: str) -> str:
    """``old`` and ``old_type``, from the expressions for what a key held."""
    hidden = f"{value} IS NOT NULL AND {is_secret(key)}"
    return f"CASE WHEN {hidden} THEN x'' ELSE {value} END, CASE WHEN {hidden} THEN '{HIDDEN}' ELSE {kind} END"


_OLD = old_value("OLD.key", "OLD.value", "OLD.type")
_REPLACED = old_value("NEW.key", "(SELECT value FROM sloth_replaced)", "(SELECT type FROM sloth_replaced)")

_NOT_YET = "NOT EXISTS (SELECT 1 FROM sloth_recorded)"
"""Of many entries at once we write the history ourselves, by one statement, which is several times faster."""
_RECORD = "INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change, previous)"
_NUMBER = f"SELECT {NEXT_REVISION}"
_BEFORE_INSERT = deletion("NEW.key")
_BEFORE_REPLACING = f"coalesce((SELECT revision FROM sloth_replaced), {_BEFORE_INSERT})"

HISTORY_TRIGGERS = (
    # -- writes of ours: numbered by the statement itself
    f"""CREATE TRIGGER sloth_inserted AFTER INSERT ON state
    WHEN NEW.revision IS NOT NULL AND {_NOT_YET}
    BEGIN
      {_RECORD} VALUES (NEW.revision, NEW.key, 'set', NULL, NULL, {NOW_MS}, NEW.change, {_BEFORE_INSERT});
    END""",
    f"""CREATE TRIGGER sloth_updated AFTER UPDATE OF value ON state
    WHEN NEW.revision IS NOT OLD.revision AND {_NOT_YET}
    BEGIN
      {_RECORD} VALUES (NEW.revision, NEW.key, 'set', {_OLD}, {NOW_MS}, NEW.change, OLD.revision);
    END""",
    # -- deletions by anybody
    f"""CREATE TRIGGER sloth_deleted AFTER DELETE ON state WHEN OLD.key IS NOT NULL AND {_NOT_YET}
    BEGIN
      {_RECORD} {_NUMBER}, OLD.key, 'delete', {_OLD}, {NOW_MS}, NULL, OLD.revision;
      DELETE FROM sloth_replaced;
    END""",
    # -- writes of others
    """CREATE TRIGGER sloth_others_before_insert BEFORE INSERT ON state
    WHEN NEW.revision IS NULL AND NEW.key IS NOT NULL
    BEGIN
      DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;
    END""",
    f"""CREATE TRIGGER sloth_others_inserted AFTER INSERT ON state
    WHEN NEW.revision IS NULL AND NEW.key IS NOT NULL
    BEGIN
      {_RECORD} {_NUMBER}, NEW.key, 'set',
        {_REPLACED}, {NOW_MS}, NULL, {_BEFORE_REPLACING}
        WHERE NOT EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value);
      UPDATE state SET
        type = (SELECT type FROM sloth_replaced WHERE value IS NEW.value),
        change = (SELECT change FROM sloth_replaced WHERE value IS NEW.value),
        revision = CASE WHEN EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value)
          THEN (SELECT revision FROM sloth_replaced) ELSE (SELECT max(revision) FROM sloth_history) END
        WHERE key = NEW.key;
      DELETE FROM sloth_replaced;
    END""",
    f"""CREATE TRIGGER sloth_others_updated AFTER UPDATE OF value, key ON state
    WHEN NEW.revision IS OLD.revision AND NEW.key = OLD.key AND NEW.value IS NOT OLD.value
    BEGIN
      {_RECORD} {_NUMBER}, NEW.key, 'set', {_OLD}, {NOW_MS}, NULL, OLD.revision;
      UPDATE state SET type = NULL, change = NULL, revision = (SELECT max(revision) FROM sloth_history)
        WHERE key = NEW.key;
    END""",
    """CREATE TRIGGER sloth_others_before_rename BEFORE UPDATE OF key ON state
    WHEN NEW.key IS NOT OLD.key
    BEGIN
      DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;
    END""",
    f"""CREATE TRIGGER sloth_others_renamed AFTER UPDATE OF key ON state WHEN NEW.key IS NOT OLD.key
    BEGIN
      {_RECORD} {_NUMBER}, OLD.key, 'delete', {_OLD}, {NOW_MS}, NULL, OLD.revision
        WHERE OLD.key IS NOT NULL;
      {_RECORD} {_NUMBER}, NEW.key, 'set',
        {_REPLACED}, {NOW_MS}, NULL, {_BEFORE_REPLACING} WHERE NEW.key IS NOT NULL;
      UPDATE state SET change = NULL, revision = (SELECT max(revision) FROM sloth_history),
        type = CASE WHEN NEW.value IS OLD.value THEN OLD.type END
        WHERE key = NEW.key;
      DELETE FROM sloth_replaced;
    END""",
    # -- forgetting, by whatever version of us
    """CREATE TRIGGER sloth_forgets AFTER DELETE ON sloth_history
    BEGIN
      INSERT INTO sloth_forgotten (key, revision)
        SELECT OLD.key, 0 WHERE NOT EXISTS (SELECT 1 FROM sloth_forgotten WHERE key = OLD.key);
      UPDATE sloth_forgotten SET revision = max(revision, OLD.revision) WHERE key = OLD.key;
      UPDATE sloth_changes SET forgotten = forgotten + 1 WHERE id = OLD.change;
    END""",
)
