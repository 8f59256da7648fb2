"""Figures about a store."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Stats
    from sloth_tui.store.sqlite.connection import Database

_TYPES = """SELECT CASE typeof(value) WHEN 'blob' THEN 'bytes' ELSE coalesce(type, 'string') END AS kind,
    count(*), total(octet_length(key) + octet_length(value)), max(unixepoch(updated_at, 'auto', 'subsec'))
    FROM state GROUP BY kind ORDER BY kind"""
_HISTORY = """SELECT coalesce(max(revision), 0), coalesce(min(revision), 0), count(*),
    coalesce(sum(octet_length(old)), 0), max(at) FROM sloth_history"""


def read_stats(database: Database, locks: int, complete_since: int) -> Stats:
    """One full scan of the entries and one of the history."""
    from sloth_tui.model import Stats

    types = database.rows(_TYPES)
    newest, oldest, revisions, history_size, changed = database.one(_HISTORY)
    total = sum(count for _, count, _, _ in types)
    times = [at for _, _, _, at in types if at is not None] + ([] if changed is None else [changed / 1000])
    exists = database.kind is not None
    return Stats(
        total_keys=total,
        total_size=int(sum(size for _, _, size, _ in types)),
        last_modified=int(max(times, default=0)) if total else 0,
        backend="sqlite",
        location=database.path,
        file_size=_size(database.path) + _size(database.path + "-wal"),
        wal_size=_size(database.path + "-wal"),
        page_size=database.one("PRAGMA main.page_size"),
        page_count=database.one("PRAGMA main.page_count") if exists else 0,
        free_pages=database.one("PRAGMA main.freelist_count") if exists else 0,
        revision=newest,
        oldest_revision=oldest,
        complete_since=complete_since,
        revisions=revisions,
        history_size=history_size,
        locks=locks,
        types={kind: count for kind, count, _, _ in types},
    )


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
