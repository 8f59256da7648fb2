"""What is in the database: its trees, its schema, its values, and what the newest backup says of them."""

from __future__ import annotations

from sloth_tui.errors import SlothError
from sloth_tui.model import Check
from sloth_tui.store.sqlite.engine.opening import marked_key
from sloth_tui.store.sqlite.engine.private_copy import open_empty
from sloth_tui.store.sqlite.saving.names import list_backups
from sloth_tui.store.sqlite.saving.reading import verify
from sloth_tui.store.sqlite.schema import CURRENT
from sloth_tui.store.sqlite.sql.rows import RAW_KEY
from sloth_tui.text import format_age, format_count, listed
from sloth_tui.values.codec import decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.sqlite.engine.connection import OpenDatabase

_REPAIR = "state doctor --repair rescues what can be read; or state restore a backup"
_SHOWN = 5
_OBJECTS = "SELECT name FROM main.sqlite_schema WHERE sql IS NOT NULL"
_OF_WRONG_KIND = """SELECT CAST(key AS BLOB) FROM state WHERE typeof(key) = 'text' AND CASE type
    WHEN 'table' THEN NOT json_valid(value)
    WHEN 'integer' THEN CAST(CAST(value AS INTEGER) AS TEXT) IS NOT value
    WHEN 'float' THEN typeof(value) != 'text' OR NOT (value GLOB '*[0-9]*' OR value GLOB '*n*')
    WHEN 'boolean' THEN value NOT IN ('true', 'false')
    WHEN 'bytes' THEN typeof(value) != 'blob'
    WHEN 'string' THEN 0 ELSE type IS NOT NULL END LIMIT 20"""
_WITHOUT_HISTORY = """SELECT CAST(state.key AS BLOB) FROM state JOIN sloth_history USING (revision)
    WHERE sloth_history.key IS NOT state.key OR operation != 'set'
    UNION ALL SELECT CAST(key AS BLOB) FROM state
    WHERE revision > (SELECT coalesce(max(revision), 0) FROM sloth_history) LIMIT 20"""
_TEXTS = f"SELECT {RAW_KEY}, CAST(value AS BLOB) FROM state WHERE type IS NOT NULL AND type != 'bytes'"
_DIFFERENT = f"""SELECT {RAW_KEY} FROM (SELECT mine.key FROM main.state AS mine JOIN saved.state AS its
    ON mine.key = its.key AND mine.revision = its.revision
    WHERE mine.value IS NOT its.value OR mine.type IS NOT its.type LIMIT 20)"""


def structure(agent: str, database: OpenDatabase, full: bool) -> Iterator[Check]:
    check = "integrity_check" if full else "quick_check"
    rows = database.rows(f"PRAGMA main.{check}(20)")
    problems = [" ".join(str(problem).split()) for (problem,) in rows if problem != "ok"]
    if problems:
        more = f", and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        yield Check("structure", "damage", "; ".join(problems[:_SHOWN]) + more, _REPAIR)
    else:
        what = "every page and every index" if full else "every page; --full checks the indexes, too"
        yield Check("structure", "ok", what, None)


def schema_objects(agent: str, database: OpenDatabase, full: bool) -> Iterator[Check]:
    """Tables, indexes and triggers: a program that drops one leaves no other trace."""
    if database.kind is not CURRENT:
        return
    there = {name for (name,) in database.rows(_OBJECTS)}
    reference = open_empty(database.path)
    try:
        wanted = [str(name) for (name,) in reference.execute(_OBJECTS)]
    finally:
        reference.close()
    missing = [name for name in wanted if name not in there]
    if missing:
        yield Check("schema", "damage", f"not there any more: {listed(missing)}", _REPAIR)


def values(agent: str, database: OpenDatabase, full: bool) -> Iterator[Check]:
    if not full:
        return
    wrong = {decode_key(key) for (key,) in database.rows(_OF_WRONG_KIND)}
    for key, stored in database.rows(_TEXTS):
        try:
            stored.decode()
        except UnicodeDecodeError:
            wrong.add(decode_key(key))
    if database.kind is CURRENT:
        wrong.update(decode_key(key) for (key,) in database.rows(_WITHOUT_HISTORY))
    if wrong:
        names = listed(sorted(wrong), _SHOWN)
        yield Check("values", "damage", f"not what their type or history says: {names}", _REPAIR)
    else:
        yield Check("values", "ok", "each can be what its type says", None)


def backup(agent: str, database: OpenDatabase, full: bool) -> Iterator[Check]:
    """The newest backup: that there is one and, in full, that it is sound and agrees about what both have."""
    import time

    backups = list_backups(agent)
    if not backups:
        yield Check("backup", "ok", "there is none", "state backup makes one")
        return
    newest = backups[0]
    made = f"{format_count(len(backups), 'backup')}, the newest {format_age(newest.at, time.time())}"
    if not full:
        yield Check("backup", "ok", made, None)
        return
    try:
        verify(newest.path)
    except SlothError as error:
        yield Check("backup", "warning", error.message, "state backup makes another one")
        return
    if database.kind is not CURRENT or marked_key(newest.path) != marked_key(database.path):
        return  # what is attached has the key of the database
    database.one("ATTACH ? AS saved", (newest.path,))
    try:
        different = [decode_key(key) for (key,) in database.rows(_DIFFERENT)]
    finally:
        database.one("DETACH saved")
    if different:
        text = f"the values of one revision differ here and in {newest.path}: {listed(different, _SHOWN)}"
        yield Check("backup", "damage", text, "state doctor --repair takes those of the backup")
    else:
        yield Check("backup", "ok", f"{made}; it is sound and agrees", None)
