"""A window as a screen uses it, and databases as other programs make them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import Query
from sloth_tui.store.sqlite.rows.key_source import open_window

if TYPE_CHECKING:
    import apsw

    from sloth_tui.model import Row

DOCUMENTED = """
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL,
      created_at DATETIME DEFAULT CURRENT_TIMESTAMP, updated_at DATETIME DEFAULT CURRENT_TIMESTAMP);
    CREATE TABLE locks (name TEXT PRIMARY KEY, holder TEXT NOT NULL,
      acquired_at DATETIME DEFAULT CURRENT_TIMESTAMP, expires_at DATETIME NOT NULL)"""


class Viewer:
    """A window as a screen uses it."""

    def __init__(self, path: str) -> None:
        self.window = open_window(path)
        self.generation = 0
        self.query = Query()

    def ask(self, query: Query) -> list[Row | None]:
        """All rows of a new query."""
        self.generation += 1
        self.query = query
        self.window.supersede(self.generation)
        return self.again()

    def again(self) -> list[Row | None]:
        """All rows of the last query, brought up to date."""
        told = list(self.window.index(self.query, self.generation))
        assert [complete for _, complete in told] == [False] * (len(told) - 1) + [True]
        counts = [count for count, _ in told]
        assert counts == sorted(counts)
        return self.page(0, counts[-1] + 5)

    def page(self, first: int, count: int) -> list[Row | None]:
        rows = self.window.page(self.generation, first, count)
        assert rows is not None
        return rows

    def keys(self, query: Query | None = None) -> list[str]:
        rows = self.ask(query) if query is not None else self.again()
        return [row.key for row in rows if row]

    def close(self) -> None:
        self.window.close()


def stored(value: object) -> bytes:
    """The stored form of the values used here."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return b'{"a":[1,"b"]}' if isinstance(value, dict) else str(value).encode()


def run(connection: apsw.Connection, statements: str) -> None:
    connection.execute(statements).fetchall()
