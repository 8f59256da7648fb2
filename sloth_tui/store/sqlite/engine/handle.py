"""What the parts of a SQLite store share."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from sloth_tui.store.sqlite.engine.connection import OpenDatabase
    from sloth_tui.store.sqlite.engine.database import Database


class Handle:
    """Base of the parts; the store itself is all of them together."""

    __slots__ = ("_agent", "_database")

    _database: OpenDatabase

    def __init__(self, agent: str, database: OpenDatabase) -> None:
        self._agent = agent
        self._database = database

    @property
    def agent(self) -> str:
        return self._agent

    @property
    def backend(self) -> str:
        return "sqlite"

    @property
    def location(self) -> str:
        return self._database.path

    @property
    def read_only(self) -> bool:
        return self._database.read_only

    def close(self) -> None:
        """Give everything back; a transaction that is still open is rolled back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class StoreHandle(Handle):
    """Base of the parts that only a whole store has."""

    __slots__ = ()

    _database: Database
