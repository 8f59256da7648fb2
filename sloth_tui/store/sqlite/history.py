"""What was written, by whom.

A row of the history holds what a change replaced; what it became is what the key's next row replaced, or
else the live value.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.handle import Handle
from sloth_tui.store.sqlite.ranges import KEY, key_bytes, key_range
from sloth_tui.store.sqlite.retention import prune
from sloth_tui.store.sqlite.rows import decode_key, decode_raw, raw_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.model import Revision, Value

_ORIGIN = "origin.user, origin.host, origin.pid, origin.program, origin.title, origin.run, origin.task"
_COLUMNS = (
    "past.revision, CAST(past.key AS BLOB), past.at, past.operation, past.change, "
    f"past.old IS NULL, {raw_value('past.old', 'past.old_type')}, "
    f"next.revision IS NULL, {raw_value('next.old', 'next.old_type')}, "
    f"{raw_value('live.value', 'live.type')}, origin.id, {_ORIGIN}"
)
_SELECT = f"""SELECT {_COLUMNS} FROM sloth_history AS past
    LEFT JOIN sloth_history AS next ON next.revision = (
        SELECT min(revision) FROM sloth_history WHERE key = past.key AND revision > past.revision)
    LEFT JOIN state AS live ON live.key = past.key
    LEFT JOIN sloth_changes AS origin ON origin.id = past.change"""
_PAGE = 256
_OF_KEY = f"{_SELECT} WHERE past.key = {KEY} AND past.revision < ? ORDER BY past.revision DESC LIMIT ?"
_NO_REVISION_IS_GREATER = 2**63 - 1


class HistoryMethods(Handle):
    """See :class:`sloth_tui.store.port.History`."""

    __slots__ = ()

    def revision(self) -> int:
        newest: int = self._database.one("SELECT coalesce(max(revision), 0) FROM sloth_history")
        return newest

    def revisions(self, key: str, *, limit: int | None = None) -> Iterator[Revision]:
        """See the port. Read in pages, so that no read transaction outlives one."""
        stored, before = key_bytes(key), _NO_REVISION_IS_GREATER
        while stored is not None and (limit is None or limit > 0):
            page = self._database.rows(_OF_KEY, (stored, before, _size(limit)))
            yield from map(_revision, page)
            if len(page) < _PAGE:
                return
            before = page[-1][0]
            limit = None if limit is None else limit - len(page)

    def changes(self, since: int, *, prefix: str = "", limit: int | None = None) -> Iterator[Revision]:
        """See the port. Read in pages, so that no read transaction outlives one."""
        where, bindings = key_range(prefix)
        statement = (
            f"{_SELECT} WHERE past.revision > ? AND {where.replace('key', 'past.key')} "
            "ORDER BY past.revision LIMIT ?"
        )
        while limit is None or limit > 0:
            page = self._database.rows(statement, (since, *bindings, _size(limit)))
            yield from map(_revision, page)
            if len(page) < _PAGE:
                return
            since = page[-1][0]
            limit = None if limit is None else limit - len(page)

    def prune(self, *, keep: int, keep_deleted_days: float) -> int:
        return prune(self._database, max(keep, 1), keep_deleted_days)


def _size(limit: int | None) -> int:
    return _PAGE if limit is None else min(limit, _PAGE)


def _revision(row: tuple[Any, ...]) -> Revision:
    from sloth_tui.model import Origin, Revision

    revision, key, at, operation, change, was_absent, *rest = row
    old_type, old, is_newest, next_type, next_old, live_type, live, origin, *who = rest
    new: Value | None = None
    if operation != "delete":
        became_type, became = (live_type, live) if is_newest else (next_type, next_old)
        new = None if became is None else decode_raw(became_type, became)
    return Revision(
        revision=revision,
        key=decode_key(key),
        at=at / 1000,
        operation=operation,
        old=None if was_absent else decode_raw(old_type, old),
        new=new,
        origin=None if origin is None else Origin(*who),
        change=change,
    )
