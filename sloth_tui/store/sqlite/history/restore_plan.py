"""The plan of an undo or a rollback: computed by one statement, carried out by three.

A plan selects the keys that will change, with their earlier value, their value now, and the obstacle. As a
temporary table, three statements carry it out, however many keys there are.
"""

from __future__ import annotations

from sloth_tui.store.history.undoing import CHANGED, FORGOTTEN, UNKEPT
from sloth_tui.store.sqlite.entries import bulk
from sloth_tui.store.sqlite.entries.origins import change_of
from sloth_tui.store.sqlite.sql.chain import chain, deletion, following
from sloth_tui.store.sqlite.sql.expressions import HIDDEN, NEXT_REVISION, NOW
from sloth_tui.store.sqlite.sql.rows import RAW_KEY, raw_value
from sloth_tui.values.codec import decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.model import ChangeSet
    from sloth_tui.store.sqlite.engine.database import Database
    from sloth_tui.store.sqlite.entries.selection import KeySelection

_OURS = (
    "past.change IN (SELECT id FROM sloth_changes WHERE id >= :id AND "
    "(id = :id OR run = (SELECT run FROM sloth_changes WHERE id = :id)))"
)
_OF_OTHERS = "past.revision <= :last AND past.change IS NULL"
_COLUMNS = """mine.key AS key, begun.old AS value, begun.old_type AS type,
    live.key IS NOT NULL AS present, live.value AS live_value, live.type AS live_type"""
_JOINED = """mine JOIN sloth_history AS begun ON begun.revision = mine.first
    LEFT JOIN state AS live ON live.key = mine.key"""
_DIFFERS = "NOT (begun.old IS live.value AND begun.old_type IS live.type)"
_HIDDEN = f"begun.old_type IS '{HIDDEN}'"

_DELETED = deletion("mine.key")

# Usually nothing has changed since. Then no key needs a look-up of its own.
_UNDO = f"""
    WITH alone AS MATERIALIZED (
        SELECT NOT EXISTS (SELECT 1 FROM sloth_history AS past
            WHERE revision >= :first AND NOT coalesce({{member}}, 0)) AS yes),
    mine AS (
        SELECT key, min(revision) AS first, max(revision) AS last
        FROM sloth_history AS past WHERE revision >= :first AND {{member}} GROUP BY key)
    SELECT {_COLUMNS}, CASE WHEN live.key IS NOT NULL THEN live.revision
        WHEN (SELECT yes FROM alone) THEN mine.last ELSE {_DELETED} END AS previous, CASE
        WHEN {_HIDDEN} THEN {UNKEPT}
        WHEN :forgotten AND EXISTS (
            SELECT 1 FROM sloth_forgotten WHERE key = mine.key
            AND revision >= (SELECT first_revision FROM sloth_changes WHERE id = :id)) THEN {FORGOTTEN}
        WHEN mine.last > mine.first AND NOT (SELECT yes FROM alone) AND EXISTS (
            SELECT 1 FROM {chain("mine.key", after="mine.first")} AS one
            JOIN sloth_history AS past ON past.revision = one.revision
            WHERE past.revision < mine.last AND NOT coalesce({{member}}, 0)) THEN {CHANGED}
        WHEN later.revision IS NOT NULL
            AND NOT (later.old IS live.value AND later.old_type IS live.type) THEN {CHANGED}
        ELSE 0 END AS obstacle
    FROM {_JOINED} LEFT JOIN sloth_history AS later
        ON later.revision = iif((SELECT yes FROM alone), NULL, {following("mine.key", "mine.last")})
    WHERE {_DIFFERS}"""
_ROLLBACK = f"""
    WITH mine AS (
        SELECT key, min(revision) AS first FROM {{history}} GROUP BY key)
    SELECT {_COLUMNS}, iif(live.key IS NOT NULL, live.revision, {_DELETED}) AS previous,
        iif({_HIDDEN}, {UNKEPT}, 0) AS obstacle FROM {_JOINED} WHERE {_DIFFERS}"""

_SHOW = f"""SELECT {RAW_KEY} AS stored_key, NOT present, live_type, {raw_value("live_value", "live_type")},
    value IS NULL, type, {raw_value("value", "type")}, obstacle FROM ({{}}) ORDER BY stored_key"""
_POSSIBLE = f"obstacle NOT IN ({UNKEPT}, {FORGOTTEN})"
_DROP = "DROP TABLE IF EXISTS temp.sloth_plan"
# Keys to be set come first and without gaps, so that the row number determines the revision.
_MAKE = (
    "CREATE TEMP TABLE sloth_plan AS SELECT * FROM ({}) "
    f"ORDER BY value IS NULL OR obstacle IN ({UNKEPT}, {FORGOTTEN}), key"
)
_BLOCKED = "SELECT CAST(key AS BLOB) FROM temp.sloth_plan WHERE obstacle IN ({}) ORDER BY key"
_REPLACE = f"""UPDATE state SET value = plan.value, type = plan.type, updated_at = (SELECT {NOW}),
    revision = :base + plan.rowid, change = :change
    FROM temp.sloth_plan AS plan WHERE plan.key = state.key AND plan.present AND plan.value IS NOT NULL
    AND {_POSSIBLE}"""
_RESTORE = f"""INSERT INTO state (key, value, type, created_at, updated_at, revision, change)
    SELECT key, value, type, (SELECT {NOW}), (SELECT {NOW}), :base + rowid, :change
    FROM temp.sloth_plan WHERE NOT present AND value IS NOT NULL
    AND {_POSSIBLE} ORDER BY rowid"""
_REMOVE = f"""DELETE FROM state WHERE key IN (
    SELECT key FROM temp.sloth_plan WHERE value IS NULL AND {_POSSIBLE})"""
_REPLACED = "SELECT key, live_value AS value, live_type AS type, previous FROM temp.sloth_plan"
_WRITTEN = f"""{_REPLACED}
    WHERE value IS NOT NULL AND {_POSSIBLE} ORDER BY rowid"""
_REsloth_tui = f"""{_REPLACED}
    WHERE value IS NULL AND {_POSSIBLE} ORDER BY rowid"""


class RestorePlan:
    """See :class:`sloth_tui.store.history.undoing.RestorePlan`: a statement that selects steps."""

    __slots__ = ("bindings", "database", "statement")

    def __init__(self, database: Database, statement: str, bindings: dict[str, Any]) -> None:
        self.database = database
        self.statement = statement
        self.bindings = bindings

    def steps(self) -> list[tuple[Any, ...]]:
        """Return the steps as rows, in key order."""
        return self.database.rows(_SHOW.format(self.statement), self.bindings)

    def make(self) -> None:
        self.database.execute(_DROP)
        self.database.execute(_MAKE.format(self.statement), self.bindings)

    def blocked(self, obstacles: tuple[int, ...]) -> list[str]:
        wanted = ", ".join(map(str, obstacles))
        found = self.database.execute(_BLOCKED.format(wanted))
        return self.database.convert(decode_key, (key for (key,) in found))

    def carry_out(self) -> int:
        database = self.database
        base = database.execute(f"SELECT {NEXT_REVISION} - 1").get
        change = change_of(database)
        bindings = {"base": base, "change": change}
        done = bulk.record(database, "set", _WRITTEN, bindings)
        done += bulk.record(database, "delete", _REsloth_tui, bindings)
        bulk.run(database, change, (_REPLACE, _RESTORE, _REMOVE), bindings)
        database.execute(_DROP)
        database.writes += bool(done)
        return done


def plan_undo(database: Database, change_set: ChangeSet) -> RestorePlan:
    """Return the plan that restores every key of the change set to its value before it."""
    if change_set.origin is None:
        bindings = {
            "first": change_set.first_revision,
            "last": change_set.last_revision,
            "forgotten": 0,
            "id": None,
        }
        return RestorePlan(database, _UNDO.format(member=_OF_OTHERS), bindings)
    bindings = {
        "first": change_set.first_revision,
        "id": int(change_set.id),
        "forgotten": change_set.forgotten,
    }
    return RestorePlan(database, _UNDO.format(member=_OURS), bindings)


def plan_rollback(database: Database, revision: int, selection: KeySelection) -> RestorePlan:
    """Return the plan that restores every key that changed after ``revision`` to its value then."""
    statement = _ROLLBACK.format(history=selection.history(":revision"))
    return RestorePlan(database, statement, {"revision": revision, **selection.bindings})
