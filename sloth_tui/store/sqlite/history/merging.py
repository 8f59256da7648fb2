"""Merge the entries of a source into the database, in one transaction and one change set.

An empty table is filled at once, without its triggers, and one statement writes the history: more than twice
as fast as row by row. Otherwise the entries are staged in a temporary table, and what differs is carried
out like the plan of an undo.
"""

from __future__ import annotations

from contextlib import contextmanager

import apsw

from sloth_tui.store.merge_rules import differs, require_keys
from sloth_tui.store.parts import Merged
from sloth_tui.store.sqlite.entries import bulk
from sloth_tui.store.sqlite.entries.origins import change_of, mark_many
from sloth_tui.store.sqlite.entries.selection import KeySelection
from sloth_tui.store.sqlite.history.restore_plan import RestorePlan
from sloth_tui.store.sqlite.sql.chain import deletion
from sloth_tui.store.sqlite.sql.expressions import NOW, NOW_MS
from sloth_tui.values.codec import decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from sloth_tui.store.parts import Batch
    from sloth_tui.store.sqlite.engine.database import Database

    Progress = Callable[[int], object]

_IS_FILLED = "SELECT EXISTS (SELECT 1 FROM state)"
_ADD = """INSERT INTO state (key, value, type, created_at, updated_at, revision, change)
    VALUES (CAST(?1 AS TEXT), ?2, ?3, '{now}', '{now}', {base} + ?4, {change})"""
_NEWEST = "SELECT coalesce(max(revision), 0) FROM sloth_history"
# Added in the order of their revisions, so no sorting.
_RECORD_ADDED = """INSERT INTO sloth_history (revision, key, operation, at, change, previous)
    SELECT revision, key, 'set', :at, :change, {previous} FROM state ORDER BY rowid"""
_HAS_OTHERS = """SELECT EXISTS (SELECT 1 FROM sqlite_schema
    WHERE type = 'trigger' AND tbl_name = 'state' COLLATE NOCASE AND name NOT GLOB 'sloth_*')"""
_DROP = "DROP TABLE IF EXISTS temp.sloth_incoming"
_MAKE = "CREATE TEMP TABLE sloth_incoming (key TEXT PRIMARY KEY, value, type TEXT, number INTEGER)"
_STAGE = "INSERT INTO temp.sloth_incoming (key, value, type, number) VALUES (CAST(?1 AS TEXT), ?2, ?3, ?4)"
_IS_SAME = "live.value IS incoming.value AND live.type IS incoming.type"
_BOTH = "temp.sloth_incoming AS incoming JOIN state AS live ON live.key = incoming.key"
_COUNT = f"SELECT count(*), coalesce(sum({_IS_SAME}), 0) FROM {_BOTH}"
_DIFFERING = f"SELECT CAST(live.key AS BLOB) FROM {_BOTH} WHERE NOT ({_IS_SAME}) ORDER BY live.key"
_PLAN = f"""SELECT incoming.key AS key, incoming.value AS value, incoming.type AS type,
        live.key IS NOT NULL AS present, live.value AS live_value, live.type AS live_type,
        coalesce(live.revision, {deletion("incoming.key")}) AS previous, 0 AS obstacle
    FROM temp.sloth_incoming AS incoming LEFT JOIN state AS live ON live.key = incoming.key
    WHERE live.key IS NULL OR {{replaced}}"""
_REsloth_tui = """ UNION ALL SELECT key, NULL, NULL, 1, value, type, revision, 0 FROM state
    WHERE {where} AND key NOT IN (SELECT key FROM temp.sloth_incoming)"""


def merge(
    database: Database, batches: Iterable[Batch], rule: str, replace: str | None, progress: Progress | None
) -> Merged:
    """See :class:`sloth_tui.store.port.Moving`."""
    with database.transaction(fenced=True):
        if database.one(_IS_FILLED):
            return _Staged(database, rule, replace).merge(batches, progress)
        return _fill(database, batches, progress)


def _fill(database: Database, batches: Iterable[Batch], progress: Progress | None) -> Merged:
    """Add all entries to a database that has none."""
    change: int | None = None
    added = 0
    secrets: list[str | bytes] = []
    for batch in _told(batches, progress):
        if change is None:
            # Not before there is something to write: a change set without revisions means nothing.
            change = change_of(database)
            base, now, at = database.execute(f"SELECT ({_NEWEST}), {NOW}, {NOW_MS}").get
            add = _ADD.format(now=now, base=base, change=change)
            database.execute(bulk.SMALL_CACHE)
        with _no_triggers(database, change):
            database.connection.executemany(add, batch.rows)
        added += len(batch.rows)
        secrets += batch.secrets
    mark_many(database, secrets)
    if change is not None:
        previous = deletion("state.key") if base else "NULL"
        database.execute(_RECORD_ADDED.format(previous=previous), {"at": at, "change": change})
        database.writes += 1
    return Merged(added, 0, 0, 0, 0)


@contextmanager
def _no_triggers(database: Database, change: int) -> Iterator[None]:
    """Record nothing during a ``with`` block. Triggers that do not even look are a third faster, but those of
    other programs must run."""
    if database.execute(_HAS_OTHERS).get:
        with bulk.suspended_triggers(database, change, cache=bulk.SMALL_CACHE):
            yield
        return
    database.connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    try:
        yield
    finally:
        database.connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)


class _Staged:
    """A merge into a database that has entries."""

    def __init__(self, database: Database, rule: str, replace: str | None) -> None:
        self._database = database
        self._rule = rule
        self._replace = replace

    def merge(self, batches: Iterable[Batch], progress: Progress | None) -> Merged:
        database = self._database
        database.execute(_DROP)
        database.execute(_MAKE)
        database.execute(bulk.SMALL_CACHE)
        total = 0
        secrets: list[str | bytes] = []
        for batch in _told(batches, progress):
            database.connection.executemany(_STAGE, batch.rows)
            total += len(batch.rows)
            secrets += batch.secrets
        mark_many(database, secrets)
        both, same = database.execute(_COUNT).get
        differing = both - same
        if differing and self._rule == "fail":
            raise differs(self._differing(), differing)
        plan = self._plan()
        plan.make()
        done = plan.carry_out() if database.one(_IS_PLANNED) else 0
        database.execute(_DROP)
        changed = differing if self._rule == "overwrite" else 0
        added = total - both
        return Merged(added, changed, same, differing - changed, done - added - changed)

    def _differing(self) -> Iterator[str]:
        for (key,) in self._database.execute(_DIFFERING):
            yield decode_key(key)

    def _plan(self) -> RestorePlan:
        replaced = f"NOT ({_IS_SAME})" if self._rule == "overwrite" else "0"
        bindings: dict[str, Any] = {}
        statement = _PLAN.format(replaced=replaced)
        if self._replace is not None:
            selection = KeySelection(self._replace)
            statement += _REsloth_tui.format(where=selection.entries)
            bindings = selection.bindings
        return RestorePlan(self._database, statement, bindings)


_IS_PLANNED = "SELECT EXISTS (SELECT 1 FROM temp.sloth_plan)"


def _told(batches: Iterable[Batch], progress: Progress | None) -> Iterator[Batch]:
    for batch in batches:
        require_keys(batch)
        yield batch
        if progress is not None:
            progress(batch.done)
