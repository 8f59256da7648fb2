"""Change many entries at once: one statement writes their history, another changes the entries.

The triggers, which would record each entry separately, are suspended meanwhile. All of it is one transaction,
so no other program ever sees them suspended.
"""

from __future__ import annotations

from contextlib import contextmanager

from sloth_tui.store.sqlite.schema.history_triggers import old_value
from sloth_tui.store.sqlite.sql.expressions import NOW_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from sloth_tui.store.sqlite.engine.database import Database

_CACHE = "PRAGMA cache_size = -65536"
"""64 MiB at most. With SQLite's default of 2 MiB, a large transaction writes and reads its pages
repeatedly."""
SMALL_CACHE = "PRAGMA cache_size = -16384"
"""16 MiB: enough for rows that come in the order of their keys."""
_SUSPEND_TRIGGERS = "INSERT INTO sloth_bulk (change) VALUES (?)"
_RESUME_TRIGGERS = "DELETE FROM sloth_bulk"
# SQLite numbers the rows as NEXT_REVISION would: one more than the greatest.
_RECORD = f"""INSERT INTO sloth_history (key, operation, at, change, previous, old, old_type)
    SELECT key, '{{operation}}', (SELECT {NOW_MS}), :change, previous, {{old}} FROM ({{entries}}) AS entry"""
_HAS_SECRETS = "SELECT EXISTS (SELECT 1 FROM sloth_secrets) OR EXISTS (SELECT 1 FROM sloth_secret_patterns)"
# With names of their own: a bare key would be the one of the table of secrets.
_OLD, _OLD_UNLESS_SECRET = "value, type", old_value("entry.key", "entry.value", "entry.type")


def delete(database: Database, where: str, bindings: Mapping[str, Any], change: int) -> int:
    """Delete the entries that match ``where``, inside a transaction; return their number."""
    entries = f"SELECT key, value, type, revision AS previous FROM state WHERE {where} ORDER BY key"
    recorded = record(database, "delete", entries, {**bindings, "change": change})
    run(database, change, [f"DELETE FROM state WHERE {where}"], bindings)
    return recorded


def record(database: Database, operation: str, entries: str, bindings: Mapping[str, Any]) -> int:
    """Write the history of the entries that a statement selects; return their number. The statement gives
    key, value, type and previous revision, in the order of the new revisions."""
    database.execute(_CACHE)
    old = _OLD_UNLESS_SECRET if database.execute(_HAS_SECRETS).get else _OLD
    database.execute(_RECORD.format(operation=operation, entries=entries, old=old), bindings)
    return database.connection.changes()


def run(database: Database, change: int, statements: Iterable[str], bindings: Mapping[str, Any]) -> None:
    """Run statements that change entries whose history is already written."""
    with suspended_triggers(database, change):
        for statement in statements:
            database.execute(statement, bindings)


@contextmanager
def suspended_triggers(
    database: Database, change: int | None = None, *, cache: str = _CACHE
) -> Iterator[None]:
    """Record nothing during a ``with`` block, inside a transaction, whose failure must end that."""
    database.execute(cache)
    database.execute(_SUSPEND_TRIGGERS, (change,))
    yield
    database.execute(_RESUME_TRIGGERS)
