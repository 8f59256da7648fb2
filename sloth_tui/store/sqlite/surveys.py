"""Overviews of a whole store: its prefixes, its top entries, and defects of its file. Loaded on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import KeyGroup, RankedEntry
from sloth_tui.store.sqlite.rows.row_reader import SIZE, UPDATED
from sloth_tui.store.sqlite.sql.keys import KEY, key_range
from sloth_tui.store.sqlite.sql.rows import RAW_KEY, whole
from sloth_tui.values.codec import decode_key, first_segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sloth_tui.store.sqlite.engine.database import Database

_NEXT = (
    f"SELECT {RAW_KEY} FROM state WHERE key >= {KEY} AND key < x'' "
    "AND (instr(key, ':') OR instr(key, '/')) ORDER BY key LIMIT 1"
)
_TOP_ENTRIES = (
    f"SELECT {RAW_KEY}, {SIZE}, {UPDATED} FROM state WHERE typeof(key) = 'text' ORDER BY {{}} LIMIT ?"
)
_ORDERS = {
    "largest": f"{SIZE} DESC, key",
    "newest": f"{UPDATED} DESC, key",
    "oldest": f"{UPDATED} IS NULL, {UPDATED}, key",
}


def groups(database: Database) -> Iterator[KeyGroup]:
    """See the port. Jumps from each first segment to the next; only counts the keys of each."""
    start = b""
    while True:
        found: bytes | None = database.live(database.one, _NEXT, (start,))
        if found is None:
            return
        prefix = first_segment(decode_key(found))
        where, bounds = key_range(prefix)
        count: int = database.live(database.one, f"SELECT count(*) FROM state WHERE {where}", bounds)
        yield KeyGroup(prefix, count)
        start = bounds[1]


def top_entries(database: Database, order: str, limit: int) -> list[RankedEntry]:
    rows = database.live(database.rows, _TOP_ENTRIES.format(_ORDERS[order]), (limit,))
    return database.convert(_ranked_entry, rows)


def _ranked_entry(row: tuple[Any, ...]) -> RankedEntry:
    key, size, updated = row
    return RankedEntry(decode_key(key), whole(size), updated)


def problems(database: Database) -> list[str]:
    if database.kind is None:
        return []
    rows = database.rows("PRAGMA main.integrity_check")
    return [str(problem) for (problem,) in rows if problem != "ok"]
