"""A selection of keys in the history: all, those with a prefix, or one."""

from __future__ import annotations

from sloth_tui.store.sqlite.sql.chain import chain
from sloth_tui.store.sqlite.sql.keys import key_range
from sloth_tui.values.codec import key_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sloth_tui.store.sqlite.engine.database import Database

HORIZON = """SELECT max(
    coalesce((SELECT CAST(value AS INTEGER) FROM sloth_meta WHERE name = 'forgotten'), 0),
    coalesce((SELECT max(revision) FROM sloth_forgotten WHERE {}), 0)) AS oldest"""
"""A statement; format it with the condition of a selection."""


_KEY = "CAST(:key AS TEXT)"


class KeySelection:
    """An SQL condition on the column ``key``, and its bindings."""

    __slots__ = ("_is_key", "bindings", "entries", "where")

    def __init__(self, prefix: str = "", key: str | None = None) -> None:
        self.bindings: dict[str, Any] = {}
        self._is_key = key is not None
        if key is not None:
            self.entries, self.bindings = f"key = {_KEY}", {"key": key_bytes(key)}
        else:
            self.entries, bounds = key_range(prefix)
            for name, bound in zip(("low", "high"), bounds, strict=False):
                self.entries = self.entries.replace("?", f":{name}", 1)
                self.bindings[name] = bound
        self.where = self.entries if key is not None or prefix else "1"
        """For all keys there is no condition, so that SQLite searches by revision rather than by key."""

    def history(self, after: str = "0") -> str:
        """Return a subquery for the rows of ``sloth_history`` after a revision."""
        if self._is_key:
            return (
                f"(SELECT row.* FROM {chain(_KEY, after=after)} JOIN sloth_history AS row USING (revision))"
            )
        return f"(SELECT * FROM sloth_history WHERE {self.where} AND revision > {after})"


def horizon(database: Database, selection: KeySelection) -> int:
    """Return the newest revision of these keys that is no longer kept; their history after it has no gaps."""
    return database.number(HORIZON.format(selection.where), selection.bindings)
