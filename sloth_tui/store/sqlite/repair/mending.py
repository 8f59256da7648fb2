"""Make a sound database of what is left of a damaged one."""

from __future__ import annotations

import os

import apsw

from sloth_tui.errors import DatabaseDamaged
from sloth_tui.model import RepairReport
from sloth_tui.origin import this_process
from sloth_tui.store.sqlite.engine import UNREADABLE
from sloth_tui.store.sqlite.engine.adopting import open_adopted
from sloth_tui.store.sqlite.engine.database import Database
from sloth_tui.store.sqlite.engine.errors import translate_error
from sloth_tui.store.sqlite.entries.writing import EntryWriting
from sloth_tui.store.sqlite.repair import second_choices
from sloth_tui.store.sqlite.repair.image import Image
from sloth_tui.store.sqlite.repair.rescue import rescue
from sloth_tui.store.sqlite.sql.rows import RAW_KEY, decode_raw, raw_value
from sloth_tui.values.codec import decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sloth_tui.model import Recovered, Value
    from sloth_tui.store.sqlite.repair.rescue import Rescued

    Progress: TypeAlias = Callable[[int, int], object]

_TRIGGERS = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
_PREPARE = (
    "PRAGMA synchronous = OFF",  # flushed as a whole at the end
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
)
# Nothing is known for certain of the past before the last gap in what is left of the history.
_NOTE_GAPS = """INSERT INTO sloth_meta (name, value)
    SELECT 'forgotten', (SELECT coalesce(max(revision) - 1, 0)
    FROM sloth_history AS kept WHERE revision > 1
    AND NOT EXISTS (SELECT 1 FROM sloth_history WHERE revision = kept.revision - 1))
    WHERE true ON CONFLICT (name) DO UPDATE SET value = max(CAST(value AS INTEGER), excluded.value)"""
# Revisions go on after the greatest that an entry has, even if its row of the history is lost.
_NOTE_NEWEST = """INSERT INTO sloth_history (revision, key, operation, at, change, previous, old_type, old)
    SELECT revision, key, 'set', CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER), NULL,
    NULL, 'secret', x'' FROM state WHERE revision = (SELECT max(revision) FROM state)
    AND revision > (SELECT coalesce(max(revision), 0) FROM sloth_history) LIMIT 1"""
_FORGET_TTLS = "DELETE FROM sloth_ttl WHERE key NOT IN (SELECT key FROM state)"
_COUNTS = "SELECT (SELECT count(*) FROM state), (SELECT count(*) FROM sloth_history)"
_CHOSEN = f"SELECT {RAW_KEY}, {raw_value('value', 'type')} FROM chosen WHERE source = ? ORDER BY key"


def mend(path: str, target: str, backup: str | None, progress: Progress | None = None) -> RepairReport:
    """Write what can be read of the database at ``path``, which is only read, into a new one at ``target``,
    which must not exist. ``backup``: a verified backup to fill in what is lost.

    Raises DatabaseDamaged if no entry at all can be read, NotWritable, DatabaseUnusable; what there is at
    ``target`` then is to be removed.
    """
    open_adopted(target)[0].close()
    connection = apsw.Connection(target)
    try:
        with Image(path) as image:
            found, recovered, lost = _fill(connection, image, backup, progress)
        chosen = {source: _values(connection, source) for source in ("backup", "history")}
    except UNREADABLE as error:
        raise translate_error(error, target) from error
    finally:
        connection.close(True)
    _set(target, chosen, backup)
    entries, revisions = _check(target)
    if not entries:
        raise DatabaseDamaged(
            f"{path}: no entry can be read", hint="put a backup in its place: state restore"
        )
    return RepairReport(
        entries=entries,
        from_pages=entries - len(recovered),
        recovered=tuple(recovered),
        lost=tuple(lost),
        revisions=revisions,
        pages=found.pages,
        logged_pages=found.logged,
        unreadable_pages=found.unreadable,
        doubtful=found.doubtful,
        backup=backup,
        repaired=target,
    )


def _fill(
    connection: apsw.Connection, image: Image, backup: str | None, progress: Progress | None
) -> tuple[Rescued, list[Recovered], list[str]]:
    for statement in _PREPARE:
        connection.execute(statement).fetchall()
    if backup is not None:
        connection.execute("ATTACH ? AS saved", (backup,))
    connection.execute("BEGIN IMMEDIATE")
    triggers = [(str(name), str(statement)) for name, statement in connection.execute(_TRIGGERS)]
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    found = rescue(image, connection, progress)
    recovered, lost = second_choices.choose(connection, backup)
    for statement in (_NOTE_GAPS, _FORGET_TTLS):
        connection.execute(statement)
    connection.execute(_NOTE_NEWEST)
    for _, statement in triggers:
        connection.execute(statement)
    connection.execute("COMMIT")
    return found, recovered, lost


def _values(connection: apsw.Connection, source: str) -> dict[str, Value]:
    return {
        decode_key(key): decode_raw(kind, stored)
        for key, kind, stored in connection.execute(_CHOSEN, (source,))
    }


def _set(target: str, chosen: dict[str, dict[str, Value]], backup: str | None) -> None:
    """Set older values as a change set, so that the history says where they came from."""
    for source, values in chosen.items():
        if values:
            what = f"from {os.path.basename(backup)}" if source == "backup" and backup else "from the history"
            origin = this_process("sloth-runner", f"doctor --repair: {what}")
            with EntryWriting("", Database(target, origin=origin)) as entries:
                entries.set_many(values)


def _check(target: str) -> tuple[int, int]:
    """Flush the new database and check it; return the number of entries and of revisions."""
    connection = apsw.Connection(target)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        problems = connection.execute("PRAGMA integrity_check(1)").fetchall()
        if problems != [("ok",)]:
            raise DatabaseDamaged(f"{target}: {problems[0][0]}", hint="that disk may be failing; try another")
        counts: tuple[int, int] = connection.execute(_COUNTS).get
        return counts
    except UNREADABLE as error:
        raise translate_error(error, target) from error
    finally:
        connection.close(True)
