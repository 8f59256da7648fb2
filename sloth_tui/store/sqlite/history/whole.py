"""Read a whole database as a stream of parts, and write one from such a stream."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager

from sloth_tui.errors import Conflict
from sloth_tui.store.parts import (
    SECRET,
    ForgottenOf,
    KeptChange,
    KeptEntry,
    KeptRevision,
    Outline,
    SecretKey,
    SecretPattern,
    reported,
)
from sloth_tui.store.sqlite.engine import MISFITS, UNREADABLE
from sloth_tui.store.sqlite.engine.connection import OpenDatabase
from sloth_tui.store.sqlite.engine.deadlines import deadline_at, expires_at
from sloth_tui.store.sqlite.entries import bulk
from sloth_tui.store.sqlite.entries.expiring import put_back
from sloth_tui.store.sqlite.history.companions import MANY, companions
from sloth_tui.store.sqlite.history.lines import Between, pages
from sloth_tui.store.sqlite.history.past import CREATED
from sloth_tui.store.sqlite.sql.chain import deletion
from sloth_tui.store.sqlite.sql.expressions import HIDDEN
from sloth_tui.store.sqlite.sql.keys import key_range
from sloth_tui.store.sqlite.sql.rows import TIME, origin_of, text, whole, whole_or_none
from sloth_tui.values.codec import decode, type_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from sloth_tui.store.clock import Clock
    from sloth_tui.store.parts import EntryLines, EntryPart, Part
    from sloth_tui.store.sqlite.engine.database import Database

    Execute = Callable[..., Iterable[Any]]
    Progress = Callable[[int, int], object]

_OUTLINE = """SELECT (SELECT count(*) FROM state WHERE typeof(key) = 'text'),
    (SELECT count(*) FROM sloth_history WHERE typeof(key) = 'text'),
    (SELECT coalesce(max(revision), 0) FROM sloth_history), (SELECT coalesce(max(id), 0) FROM sloth_changes),
    coalesce((SELECT CAST(value AS INTEGER) FROM sloth_meta WHERE name = 'forgotten'), 0)"""
_CHANGES = """SELECT id, sloth_changes.at, first_revision, coalesce(kept, 0) + forgotten, coalesce(last, 0),
    forgotten, user, host, pid, program, title, run, task
    FROM sloth_changes LEFT JOIN (
        SELECT change, count(*) AS kept, max(revision) AS last FROM sloth_history GROUP BY change)
    ON change = id ORDER BY id"""


def _milliseconds(column: str) -> str:
    return f"CAST(round(1000 * ({TIME.format(column)})) AS INTEGER)"


_ENTRIES = f"""SELECT CAST(key AS BLOB), typeof(value) = 'blob', type,
    iif(type = 'table', json_valid(value), 0), CAST(value AS BLOB),
    {_milliseconds("created_at")}, {_milliseconds("updated_at")}, revision, change, deadline, boot_id, wall
    FROM state LEFT JOIN (SELECT key AS timed, deadline, boot_id, wall FROM sloth_ttl) ON timed = key
    WHERE typeof(key) = 'text' AND {{}} ORDER BY key"""
_SNAPSHOT_CACHE = "PRAGMA cache_size = -4096"
_COUNTED = "SELECT count(*), (SELECT coalesce(max(revision), 0) FROM sloth_history) FROM state WHERE {}"
_HISTORY = f"""SELECT kept.revision, CAST(kept.key AS BLOB), kept.operation, kept.at, kept.change,
    last.revision, kept.old IS NULL, typeof(kept.old) = 'blob', kept.old_type, json_valid(kept.old),
    CAST(kept.old AS BLOB),
    CAST(round(1000 * ({CREATED})) AS INTEGER), last.at
    FROM sloth_history AS kept LEFT JOIN sloth_history AS last ON last.revision = kept.previous
    LEFT JOIN state AS live ON live.key = kept.key
    WHERE typeof(kept.key) = 'text' ORDER BY kept.revision"""

_IS_EMPTY = """SELECT NOT EXISTS (SELECT 1 FROM state) AND NOT EXISTS (SELECT 1 FROM sloth_history)
    AND NOT EXISTS (SELECT 1 FROM sloth_changes) AND NOT EXISTS (SELECT 1 FROM sloth_secrets)
    AND NOT EXISTS (SELECT 1 FROM sloth_secret_patterns) AND NOT EXISTS (SELECT 1 FROM sloth_forgotten)"""
_NOTE_GONE = "INSERT OR REPLACE INTO sloth_meta (name, value) SELECT 'forgotten', ?1 WHERE ?1"
_ADD_SECRET = "INSERT INTO sloth_secrets (key) VALUES (CAST(? AS TEXT))"  # noqa: S105 - a statement
_ADD_PATTERN = "INSERT INTO sloth_secret_patterns (pattern) VALUES (?)"
_ADD_FORGOTTEN = "INSERT INTO sloth_forgotten (key, revision) VALUES (CAST(? AS TEXT), ?)"
_ADD_CHANGE = """INSERT INTO sloth_changes
    (id, at, first_revision, forgotten, user, host, pid, program, title, run, task)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
_TIMESTAMP = "strftime('%Y-%m-%d %H:%M:%f', {} / 1000.0, 'unixepoch')"
_ADD_ENTRY = f"""INSERT INTO state (key, value, type, created_at, updated_at, revision, change)
    VALUES (CAST(? AS TEXT), ?, ?, {_TIMESTAMP.format("?")}, {_TIMESTAMP.format("?")}, ?, ?)"""
# A revision that follows a deletion may come without its number; revisions come in their order.
_ADD_REVISION = f"""INSERT INTO sloth_history (revision, key, operation, at, change, previous, old_type, old)
    VALUES (?1, CAST(?2 AS TEXT), ?3, ?4, ?5, coalesce(?6, {deletion("CAST(?2 AS TEXT)")}), ?7, ?8)"""


def dump(database: OpenDatabase) -> Iterator[Part]:
    """See :class:`sloth_tui.store.port.Moving`. One snapshot, read on a connection of its own."""
    with _snapshot(database) as reader:
        yield from _parts(reader.connection.execute, reader.clock)


def dump_entries(database: OpenDatabase, prefix: str, *, lines: bool) -> Iterator[EntryPart]:
    """See :class:`sloth_tui.store.port.Moving`. Like :func:`dump`."""
    where, bindings = key_range(prefix)
    with _snapshot(database) as reader, ExitStack() as opened:
        execute = reader.connection.execute
        execute(_SNAPSHOT_CACHE)
        counted = _COUNTED.format(where)
        keys, revision = next(iter(execute(counted, bindings)))
        helpers = []
        if lines and keys >= MANY and not reader.private:
            helpers = companions(reader, opened)
            keys, revision = next(iter(execute(counted, bindings)))
        yield Outline(keys, 0, revision, 0, 0)
        yield from _secrets(execute)
        found: Iterable[EntryLines | Between] = (Between(where, bindings),)
        if lines:
            # Its threads end before their connections are closed.
            reading = pages(execute, where, bindings, [helper.connection.execute for helper in helpers])
            found = opened.enter_context(closing(reading))
        for page in found:
            if isinstance(page, Between):
                for row in execute(_ENTRIES.format(page.where), page.bindings):
                    yield _entry(row, reader.clock)
            else:
                yield page


@contextmanager
def _snapshot(database: OpenDatabase) -> Iterator[OpenDatabase]:
    with ExitStack() as opened:
        if not database.private:
            # Writers are not held up, and neither is the handle.
            clock = database.clock
            database = opened.enter_context(closing(OpenDatabase(database.path, clock=clock)))
            database.connection.execute("BEGIN")
        try:
            yield database
        except (*UNREADABLE, *MISFITS) as error:
            raise database.failure(error) from error


def load(database: Database, parts: Iterable[Part], progress: Progress | None) -> None:
    """See :class:`sloth_tui.store.port.Moving`. One transaction."""
    with database.transaction(fenced=True):
        if not database.one(_IS_EMPTY):
            raise Conflict(f"{database.path}: not empty", hint="nothing was written")
        with bulk.suspended_triggers(database):
            for part in reported(parts, progress):
                _add(database, part)


def _parts(execute: Execute, clock: Clock) -> Iterator[Part]:
    yield Outline(*map(whole, next(iter(execute(_OUTLINE)))))
    yield from _secrets(execute)
    for key, revision in execute("SELECT CAST(key AS BLOB), revision FROM sloth_forgotten ORDER BY 1"):
        yield ForgottenOf(key, whole(revision))
    for number, at, first, made, last, forgotten, *who in execute(_CHANGES):
        yield KeptChange(
            whole(number), whole(at), whole(first), whole(made), whole(last), whole(forgotten), origin_of(who)
        )
    for row in execute(_ENTRIES.format("1")):
        yield _entry(row, clock)
    for row in execute(_HISTORY):
        yield _revision(row)


def _secrets(execute: Execute) -> Iterator[SecretKey | SecretPattern]:
    for (key,) in execute("SELECT CAST(key AS BLOB) FROM sloth_secrets ORDER BY 1"):
        yield SecretKey(key)
    for (pattern,) in execute("SELECT pattern FROM sloth_secret_patterns ORDER BY 1"):
        yield SecretPattern(text(pattern))


def _entry(row: tuple[Any, ...], clock: Clock) -> KeptEntry:
    key, is_blob, kind, is_json, stored, created, updated, revision, change, *limit = row
    shown = _kind(is_blob, kind, is_json, stored)
    expires = None if limit[0] is None else round(1000 * expires_at(clock, *limit))
    numbers = whole_or_none(revision), whole_or_none(change)
    return KeptEntry(key, shown, stored, created, updated, *numbers, expires)


def _revision(row: tuple[Any, ...]) -> KeptRevision:
    revision, key, operation, at, change, previous, absent, is_blob, kind, is_json, stored, *times = row
    if absent:
        kind, stored, times = None, b"", [None, None]
    elif kind == HIDDEN:
        kind, stored = SECRET, b""
    else:
        kind = _kind(is_blob, kind, is_json, stored)
    return KeptRevision(
        whole(revision),
        key,
        text(operation),
        whole(at),
        whole_or_none(change),
        whole_or_none(previous),
        kind,
        stored,
        *times,
    )


def _kind(is_blob: int, kind: str | None, is_json: int, stored: bytes) -> str:
    """Return the type under which a stored value is shown: it may not fit its own, left by another
    program."""
    if is_blob:
        return "bytes"
    try:
        readable = stored.decode()
    except UnicodeDecodeError:
        return "bytes"
    if kind in (None, "bytes", "string") or (kind == "table" and not is_json):
        return "string"
    return kind if kind == "table" else type_name(decode(kind, readable))


def _add(database: Database, part: Part) -> None:
    if isinstance(part, Outline):
        database.execute(_NOTE_GONE, (part.gone,))
    elif isinstance(part, KeptEntry):
        times = part.created_at, part.updated_at
        database.execute(
            _ADD_ENTRY, (part.key, *_columns(part.kind, part.stored), *times, part.revision, part.change)
        )
        if part.expires_at is not None:
            put_back(database, part.key, deadline_at(database.clock, part.expires_at / 1000))
    elif isinstance(part, KeptRevision):
        stored, kind = (None, None) if part.kind is None else _columns(part.kind, part.stored)
        database.execute(_ADD_REVISION, (*part[:6], kind, stored))
    elif isinstance(part, KeptChange):
        database.execute(_ADD_CHANGE, (*part[:3], part.forgotten, *part.origin))
    elif isinstance(part, ForgottenOf):
        database.execute(_ADD_FORGOTTEN, part)
    elif isinstance(part, SecretKey):
        database.execute(_ADD_SECRET, part)
    else:
        database.execute(_ADD_PATTERN, part)


def _columns(kind: str, stored: bytes) -> tuple[str | bytes, str | None]:
    """Return the columns ``value`` and ``type``."""
    if kind == SECRET:
        return b"", HIDDEN
    if kind == "bytes":
        return stored, kind
    return stored.decode(), None if kind == "string" else kind
