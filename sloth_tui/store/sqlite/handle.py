"""What the parts of a SQLite store share."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.connection import Database


class Handle:
    """Base of the parts; the store itself is all of them together."""

    __slots__ = ("_agent", "_database")

    _database: Database

    def __init__(self, agent: str, database: Database) -> None:
        self._agent = agent
        self._database = database
