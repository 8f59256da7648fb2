"""Changing many entries at once: their history by one statement, then the entries by another.

The triggers, which would record each entry by itself, are told to stand back meanwhile. All of it is one
transaction, so that nobody else ever finds them so.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.schema.history_triggers import old_value
from sloth_tui.store.sqlite.schema.tables import NOW_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from sloth_tui.store.sqlite.engine.database import Database

_CACHE = "PRAGMA cache_size = -65536"
"""64 MiB at most. With SQLite's 2 MiB, pages of a large transaction are written and read several times."""
_STAND_BACK = "INSERT INTO sloth_bulk (change) VALUES (?)"
_CARRY_ON = "DELETE FROM sloth_bulk"
# SQLite numbers the rows as NEXT_REVISION would: one more than the greatest there is.
_RECORD = f"""INSERT INTO sloth_history (key, operation, at, change, previous, old, old_type)
    SELECT key, '{{operation}}', (SELECT {NOW_MS}), :change, previous, {{old}} FROM ({{entries}})"""
_HAS_SECRETS = "SELECT EXISTS (SELECT 1 FROM sloth_secrets) OR EXISTS (SELECT 1 FROM sloth_secret_patterns)"
_OLD, _OLD_UNLESS_SECRET = "value, type", old_value("key", "value", "type")


def delete(database: Database, where: str, bindings: Mapping[str, Any], change: int) -> int:
    """Delete these entries; inside a transaction. Returns how many there were."""
    entries = f"SELECT key, value, type, revision AS previous FROM state WHERE {where} ORDER BY key"
    recorded = record(database, "delete", entries, {**bindings, "change": change})
    run(database, change, [f"DELETE FROM state WHERE {where}"], bindings)
    return recorded


def record(database: Database, operation: str, entries: str, bindings: Mapping[str, Any]) -> int:
    """Write the history of the entries that a statement selects: key, value and type as they are and the
    previous revision, in the order of their new ones. Returns how many there are."""
    database.execute(_CACHE)
    old = _OLD_UNLESS_SECRET if database.execute(_HAS_SECRETS).get else _OLD
    database.execute(_RECORD.format(operation=operation, entries=entries, old=old), bindings)
    return database.connection.changes()


def run(database: Database, change: int, statements: Iterable[str], bindings: Mapping[str, Any]) -> None:
    """Run statements that change entries whose history is written."""
    database.execute(_STAND_BACK, (change,))
    for statement in statements:
        database.execute(statement, bindings)
    database.execute(_CARRY_ON)
