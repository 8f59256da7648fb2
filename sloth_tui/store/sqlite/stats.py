"""Statistics of a store."""

from __future__ import annotations

import os

from sloth_tui.store.sqlite.sql.rows import TIME, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Stats
    from sloth_tui.store.sqlite.engine.database import Database

_BY_TYPE = ("boolean", "float", "integer", "table")
_COUNTS = ", ".join(f"count(*) FILTER (WHERE type = '{name}')" for name in _BY_TYPE)
# Times in our own format sort as text; converting each one would double the time.
_IS_PLAIN = "(length(updated_at) IN (19, 23) AND substr(updated_at, 11, 1) = ' ')"
# One pass without GROUP BY, which would sort all rows.
_ENTRIES = f"""SELECT count(*), coalesce(sum(octet_length(key) + octet_length(value)), 0),
    {TIME.format(f"max(updated_at) FILTER (WHERE {_IS_PLAIN})")},
    max({TIME.format("updated_at")}) FILTER (WHERE NOT {_IS_PLAIN}),
    count(*) FILTER (WHERE typeof(value) = 'blob'), {_COUNTS} FROM state WHERE typeof(key) = 'text'"""
_HISTORY = """SELECT coalesce(max(revision), 0), coalesce(min(revision), 0), count(*),
    coalesce(sum(octet_length(old)), 0), coalesce(max(at), 0) FROM sloth_history"""


def read_stats(database: Database, locks: int, complete_since: int) -> Stats:
    """Return the statistics; scans all entries and the whole history once."""
    from sloth_tui.model import Stats

    keys, size, at, at_of_others, blobs, *typed = database.live(database.one, _ENTRIES)
    (history,) = database.made_of(lambda row: [whole(column) for column in row], _HISTORY)
    newest, oldest, revisions, history_size, changed = history
    types = {"bytes": blobs, "string": keys - blobs - sum(typed), **dict(zip(_BY_TYPE, typed, strict=True))}
    file_size, wal_size = _size(database.path), _size(database.path + "-wal")
    page_size, page_count, free_pages = _pages(database)
    return Stats(
        total_keys=keys,
        total_size=size,
        last_modified=int(max(at or 0, at_of_others or 0, changed / 1000)) if keys else 0,
        backend="sqlite",
        location=database.path,
        file_size=file_size + wal_size,
        wal_size=wal_size,
        page_size=page_size,
        page_count=page_count,
        free_pages=free_pages,
        revision=newest,
        oldest_revision=oldest,
        complete_since=complete_since,
        revisions=revisions,
        history_size=history_size,
        locks=locks,
        types={name: count for name, count in sorted(types.items()) if count},
        storage=(
            ("file", file_size + wal_size),
            ("write-ahead log", wal_size),
            ("pages", f"{page_count:,} of {page_size:,} bytes, {free_pages:,} free"),
        ),
    )


def _pages(database: Database) -> tuple[int, int, int]:
    """Return page size in bytes, number of pages, and number of free pages."""
    size: int = database.one("PRAGMA main.page_size")
    if database.kind is None:
        return size, 0, 0
    return size, database.one("PRAGMA main.page_count"), database.one("PRAGMA main.freelist_count")


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
