"""Revisions: who wrote what.

A row of the history holds the value that a change replaced. The new value is the one that the key's next row
replaced, or else the live value.
"""

from __future__ import annotations

from sloth_tui.store.history import words
from sloth_tui.store.sqlite.entries.selection import HORIZON, KeySelection
from sloth_tui.store.sqlite.history.compaction import compact, prune, shrink
from sloth_tui.store.sqlite.schema.history_triggers import is_secret
from sloth_tui.store.sqlite.sql.chain import following, newest
from sloth_tui.store.sqlite.sql.expressions import HIDDEN
from sloth_tui.store.sqlite.sql.rows import (
    decode_raw,
    moment,
    origin_of,
    raw_value,
    text,
    whole,
    whole_or_none,
)
from sloth_tui.values.codec import decode_key, key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from sloth_tui.model import Revision, Value
    from sloth_tui.store.sqlite.engine.database import Database

_ORIGIN = "origin.user, origin.host, origin.pid, origin.program, origin.title, origin.run, origin.task"
_COLUMNS = (
    "past.revision, CAST(past.key AS BLOB), past.at, past.operation, past.change, "
    f"past.old IS NULL, {raw_value('past.old', 'past.old_type')}, "
    f"next.revision IS NULL, {raw_value('next.old', 'next.old_type')}, "
    f"{raw_value('live.value', 'live.type')}, "
    f"past.old_type IS '{HIDDEN}' OR next.old_type IS '{HIDDEN}' OR {is_secret('past.key')}, "
    f"origin.id, {_ORIGIN}"
)
_BESIDE = """LEFT JOIN state AS live ON live.key = past.key
    LEFT JOIN sloth_changes AS origin ON origin.id = past.change"""
_KEY = "CAST(:key AS TEXT)"
_PAGE_REVISIONS = 512
_NEAR = 8 * _PAGE_REVISIONS
# The walk keeps each row together with the next one, which holds the new value of the row.
_OF_KEY = f"""
    WITH RECURSIVE walk(revision, next) AS (
        SELECT coalesce(:revision, {newest(_KEY)}), :next
        UNION ALL
        SELECT past.previous, past.revision
            FROM walk JOIN sloth_history AS past ON past.revision = walk.revision
            WHERE past.previous < past.revision AND past.key = {_KEY}
        LIMIT :size)
    SELECT past.previous, {_COLUMNS}
    FROM walk JOIN sloth_history AS past ON past.revision = walk.revision AND past.key = {_KEY}
    LEFT JOIN sloth_history AS next ON next.revision = walk.next {_BESIDE}
    ORDER BY past.revision DESC"""
# The key's next row is usually near; only if it is not, the key's revisions are walked.
_CHANGES = f"""
    WITH near AS MATERIALIZED (
        SELECT revision, previous FROM {{history}} ORDER BY revision LIMIT {_NEAR})
    SELECT {_COLUMNS}
    FROM (SELECT * FROM {{history}} ORDER BY revision LIMIT :size) AS past
    LEFT JOIN near ON near.previous = past.revision
    LEFT JOIN sloth_history AS next
        ON next.revision = coalesce(near.revision, {following("past.key", "past.revision")})
    {_BESIDE} ORDER BY past.revision"""


class History:
    """See :class:`sloth_tui.store.port.History`."""

    __slots__ = ("_database",)

    def __init__(self, database: Database) -> None:
        self._database = database

    def revision(self) -> int:
        return self._database.number("SELECT coalesce(max(revision), 0) FROM sloth_history")

    def revisions(self, key: str, *, limit: int | None = None) -> Iterator[Revision]:
        """See the port. Read in pages, so that no read transaction outlives one."""
        at: dict[str, object] = {"key": key_bytes(key), "revision": None, "next": None}
        while at["key"] is not None and (limit is None or limit > 0):
            page = self._database.rows(_OF_KEY, {**at, "size": _size(limit)})
            yield from self._database.convert(_revision, (row[1:] for row in page))
            if len(page) < _PAGE_REVISIONS:
                return
            at["revision"], at["next"] = page[-1][:2]
            limit = None if limit is None else limit - len(page)
            if at["revision"] is None:
                return

    def revisions_since(
        self, since: int, *, prefix: str = "", limit: int | None = None
    ) -> Iterator[Revision]:
        """See the port. Read in pages, so that no read transaction outlives one."""
        selection = KeySelection(prefix)
        statement, bindings = _CHANGES.format(history=selection.history(":since")), selection.bindings
        while limit is None or limit > 0:
            page = self._database.rows(statement, {**bindings, "since": since, "size": _size(limit)})
            yield from self._database.convert(_revision, page)
            if len(page) < _PAGE_REVISIONS:
                return
            since = page[-1][0]
            limit = None if limit is None else limit - len(page)

    def follow(self, since: int, *, prefix: str = "") -> list[Revision]:
        """See the port."""
        selection = KeySelection(prefix)
        statement = _CHANGES.format(history=selection.history(":since"))
        bindings = {**selection.bindings, "since": since, "size": _PAGE_REVISIONS}
        # One statement, so that the horizon and the rows come from one snapshot.
        together = (
            f"SELECT oldest, page.* FROM ({HORIZON.format(selection.where)}) "
            f"LEFT JOIN ({statement}) AS page ON 1"
        )
        rows = self._database.rows(together, bindings)
        (oldest,) = self._database.convert(whole, [rows[0][0]])
        if oldest > since:
            raise words.changes_not_kept(since, oldest)
        return sorted(self._database.convert(_revision, (row[1:] for row in rows if row[1] is not None)))

    def prune(self, *, keep: int, keep_deleted_days: float) -> int:
        return prune(self._database, max(keep, 1), keep_deleted_days)

    def compact(
        self, *, keep: int = 0, upto: int | None = None, progress: Callable[[int, int], None] | None = None
    ) -> int:
        """See the port."""
        forgotten = compact(self._database, max(keep, 0), upto, progress)
        shrink(self._database)
        return forgotten


def _size(limit: int | None) -> int:
    return _PAGE_REVISIONS if limit is None else min(limit, _PAGE_REVISIONS)


def _revision(row: tuple[Any, ...]) -> Revision:
    from sloth_tui.model import Revision

    revision, key, at, operation, change, was_absent, *rest = row
    old_type, old, is_newest, next_type, next_old, live_type, live, secret, origin, *who = rest
    new: Value | None = None
    if operation != "delete" and not secret:
        became_type, became = (live_type, live) if is_newest else (next_type, next_old)
        new = None if became is None else decode_raw(became_type, became)
    return Revision(
        revision=revision,
        key=decode_key(key),
        at=moment(at),
        operation=text(operation),
        old=None if was_absent or secret else decode_raw(old_type, old),
        new=new,
        origin=None if origin is None else origin_of(who),
        change_set_id=whole_or_none(change),
        secret=bool(secret),
        created=bool(was_absent),
    )
