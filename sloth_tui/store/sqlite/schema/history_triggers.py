"""The triggers that keep the history. They record the writes of every program.

Our own writes set ``state.revision`` to the next number. Any other write is by another program; the triggers
then number it and drop the type, because such programs write strings, except those that copy whole rows.
INSERT OR REPLACE fires no delete trigger and loses our columns, so a trigger first saves the replaced row in
``sloth_replaced``. For a key that holds a secret, only the fact that it had a value is recorded. The triggers
run inside other programs: they use nothing that SQLite 3.8 lacks, and skip rows whose key is NULL, which the
documented table allows.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.sql.chain import deletion
from sloth_tui.store.sqlite.sql.expressions import HIDDEN, NEXT_REVISION, NOW_MS


def is_secret(key: str) -> str:
    """Return an SQL condition: history keeps no values of this key, an expression."""
    return (
        f"(EXISTS (SELECT 1 FROM sloth_secrets WHERE key = {key}) "
        f"OR EXISTS (SELECT 1 FROM sloth_secret_patterns WHERE {key} GLOB pattern))"
    )


def old_value(key: str, value: str, kind: str) -> str:
    """Return the columns ``old`` and ``old_type``, from expressions for the key, its value and its type."""
    hidden = f"{value} IS NOT NULL AND {is_secret(key)}"
    return f"CASE WHEN {hidden} THEN x'' ELSE {value} END, CASE WHEN {hidden} THEN '{HIDDEN}' ELSE {kind} END"


_OLD = old_value("OLD.key", "OLD.value", "OLD.type")
_REPLACED = old_value("NEW.key", "(SELECT value FROM sloth_replaced)", "(SELECT type FROM sloth_replaced)")

_NOT_YET = "NOT EXISTS (SELECT 1 FROM sloth_bulk)"
"""False during a bulk write, which records the history of all its entries by one statement: several times
faster."""
_NEWEST = "(SELECT coalesce(max(revision), 0) FROM sloth_history)"
_IS_OURS = f"NEW.revision IS {NEXT_REVISION}"
"""True until the history has a row for the write. A program that copies whole rows writes an older revision,
hardly ever this one."""
_RECORD = "INSERT INTO sloth_history (revision, key, operation, at, change, previous, old, old_type)"
_NUMBER = f"SELECT {NEXT_REVISION}"
_CHANGE = f"CASE WHEN {_IS_OURS} THEN NEW.change END"
_BEFORE_REPLACING = f"coalesce((SELECT revision FROM sloth_replaced), {deletion('NEW.key')})"
_IS_AS_IT_WAS = "EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value)"
_PUT_ASIDE = """DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;"""
_NOT_NUMBERED = f"rowid = NEW.rowid AND revision IS NOT {_NEWEST}"
"""The row just written, unless this program wrote it."""

HISTORY_TRIGGERS = (
    f"""CREATE TRIGGER sloth_before_insert BEFORE INSERT ON state WHEN NEW.key IS NOT NULL AND {_NOT_YET}
    BEGIN
      {_PUT_ASIDE}
    END""",
    f"""CREATE TRIGGER sloth_inserted AFTER INSERT ON state WHEN NEW.key IS NOT NULL AND {_NOT_YET}
    BEGIN
      {_RECORD} {_NUMBER}, NEW.key, 'set', {NOW_MS}, {_CHANGE}, {_BEFORE_REPLACING}, {_REPLACED}
        WHERE {_IS_OURS} OR NOT {_IS_AS_IT_WAS};
      UPDATE state SET
        type = CASE WHEN {_IS_AS_IT_WAS} THEN (SELECT type FROM sloth_replaced)
          WHEN NEW.revision IS NOT NULL THEN NEW.type END,
        change = CASE WHEN {_IS_AS_IT_WAS} THEN (SELECT change FROM sloth_replaced) END,
        revision = CASE WHEN {_IS_AS_IT_WAS} THEN (SELECT revision FROM sloth_replaced) ELSE {_NEWEST} END
        WHERE {_NOT_NUMBERED};
      DELETE FROM sloth_replaced;
    END""",
    f"""CREATE TRIGGER sloth_updated AFTER UPDATE OF value, key ON state
    WHEN NEW.key = OLD.key AND (NEW.revision IS NOT OLD.revision OR NEW.value IS NOT OLD.value) AND {_NOT_YET}
    BEGIN
      {_RECORD} {_NUMBER}, NEW.key, 'set', {NOW_MS}, {_CHANGE}, OLD.revision, {_OLD};
      UPDATE state SET type = CASE WHEN NEW.revision IS NOT OLD.revision THEN NEW.type END, change = NULL,
        revision = {_NEWEST} WHERE {_NOT_NUMBERED};
    END""",
    f"""CREATE TRIGGER sloth_deleted AFTER DELETE ON state WHEN OLD.key IS NOT NULL AND {_NOT_YET}
    BEGIN
      {_RECORD} {_NUMBER}, OLD.key, 'delete', {NOW_MS}, NULL, OLD.revision, {_OLD};
      DELETE FROM sloth_replaced;
    END""",
    f"""CREATE TRIGGER sloth_before_rename BEFORE UPDATE OF key ON state
    WHEN NEW.key IS NOT OLD.key
    BEGIN
      {_PUT_ASIDE}
    END""",
    f"""CREATE TRIGGER sloth_renamed AFTER UPDATE OF key ON state WHEN NEW.key IS NOT OLD.key
    BEGIN
      {_RECORD} {_NUMBER}, OLD.key, 'delete', {NOW_MS}, NULL, OLD.revision, {_OLD}
        WHERE OLD.key IS NOT NULL;
      {_RECORD} {_NUMBER}, NEW.key, 'set', {NOW_MS}, NULL, {_BEFORE_REPLACING}, {_REPLACED}
        WHERE NEW.key IS NOT NULL;
      UPDATE state SET change = NULL, revision = (SELECT max(revision) FROM sloth_history),
        type = CASE WHEN NEW.value IS OLD.value THEN OLD.type END
        WHERE key = NEW.key;
      DELETE FROM sloth_replaced;
    END""",
    # -- forgetting, by any version of this program
    """CREATE TRIGGER sloth_forgets AFTER DELETE ON sloth_history
    BEGIN
      INSERT INTO sloth_forgotten (key, revision)
        SELECT OLD.key, 0 WHERE NOT EXISTS (SELECT 1 FROM sloth_forgotten WHERE key = OLD.key);
      UPDATE sloth_forgotten SET revision = max(revision, OLD.revision) WHERE key = OLD.key;
      UPDATE sloth_changes SET forgotten = forgotten + 1 WHERE id = OLD.change;
    END""",
)
