"""The tables: the two documented ones, extended by columns and tables of our own.

History is an undo log kept by the triggers of :mod:`sloth_tui.store.sqlite.schema.history_triggers`: a row of
``sloth_history`` holds the value that a change replaced, and the ``previous`` revision of the key. The new
value is the ``old`` of the key's next row, or else the live value, so nothing is stored twice. Only
forgetting makes gaps in the revisions, and a key's oldest rows are forgotten first: ``sloth_forgotten`` holds
the last forgotten revision of each key, and ``forgotten`` in ``sloth_meta`` that of all keys without any row
left.
"""

from __future__ import annotations

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.sqlite.schema import (
    APPLICATION_ID,
    EMPTY,
    TTL_COLUMNS,
    UNADOPTED,
    VERSION,
    foreign,
    marked_kind,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

_STATE = """CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME DEFAULT CURRENT_TIMESTAMP
)"""
_LOCKS = """CREATE TABLE locks (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  acquired_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  expires_at DATETIME NOT NULL
)"""
_DOCUMENTED = {"state": _STATE, "locks": _LOCKS}
_DOCUMENTED_COLUMNS = {
    "state": "key, value, created_at, updated_at",
    "locks": "name, holder, acquired_at, expires_at",
}

_ADDED_COLUMNS = {
    "state": (
        "type TEXT",  # NULL: string
        "revision INTEGER",  # of the last change; NULL: not changed since the database was adopted
        "change INTEGER",  # of the last change, see sloth_changes
    ),
    "locks": (
        "token INTEGER",
        "owner_host TEXT",
        "owner_pid INTEGER",
        "owner_start INTEGER",
        "owner_boot TEXT",
        "deadline INTEGER",  # CLOCK_BOOTTIME nanoseconds, valid while boot_id is the running boot
        "boot_id TEXT",
        "tied INTEGER",
    ),
}

ADDED_TABLES = {
    "sloth_meta": "name TEXT PRIMARY KEY, value",
    "sloth_history": """
      revision INTEGER PRIMARY KEY,
      key TEXT NOT NULL,
      operation TEXT NOT NULL,
      at INTEGER NOT NULL,
      change INTEGER,
      previous INTEGER,
      old_type TEXT,
      old""",  # last, so that queries for other columns need not read it
    "sloth_changes": """
      id INTEGER PRIMARY KEY,
      at INTEGER NOT NULL,
      first_revision INTEGER NOT NULL,
      user TEXT,
      host TEXT,
      pid INTEGER,
      program TEXT,
      title TEXT,
      run TEXT,
      task TEXT,
      forgotten INTEGER NOT NULL DEFAULT 0""",  # how many of its revisions are no longer kept
    "sloth_forgotten": "key TEXT PRIMARY KEY, revision INTEGER NOT NULL",
    "sloth_bulk": "change INTEGER",  # has a row while a bulk write runs, whose history is already written
    "sloth_secrets": "key TEXT PRIMARY KEY",
    "sloth_secret_patterns": "pattern TEXT PRIMARY KEY",
    "sloth_ttl": TTL_COLUMNS,
    "sloth_replaced": "key TEXT, value, type TEXT, revision INTEGER, change INTEGER",
    "sloth_lock_tokens": "name TEXT PRIMARY KEY, token INTEGER NOT NULL",
    "sloth_lock_breaks": """
      at INTEGER NOT NULL,
      name TEXT NOT NULL,
      holder TEXT,
      token INTEGER,
      change INTEGER""",
}

INDEXES = {
    "sloth_history": (
        "CREATE INDEX sloth_history_gone ON sloth_history (key) WHERE operation = 'delete'",
        "CREATE INDEX sloth_history_deleted ON sloth_history (at) WHERE operation = 'delete'",
    ),
    "sloth_ttl": ("CREATE INDEX sloth_ttl_due ON sloth_ttl (boot_id, deadline)",),
}
"""Of each table."""


def inspect(connection: apsw.Connection, location: str) -> str:
    """Return CURRENT, OUTDATED, UNADOPTED or EMPTY for a database. Raises DatabaseUnusable for any other."""
    kind = marked_kind(connection, location)
    return unmarked_kind(connection, location) if kind is None else kind


def unmarked_kind(connection: apsw.Connection, location: str) -> str:
    """Return UNADOPTED or EMPTY for a database without our mark. Raises DatabaseUnusable for any other."""
    if columns_of(connection, "state"):
        _check_documented(connection, location)
        return UNADOPTED
    if connection.execute("SELECT 1 FROM main.sqlite_schema LIMIT 1").get is None:
        return EMPTY
    raise foreign(location)


def _check_documented(connection: apsw.Connection, location: str) -> None:
    if connection.execute("PRAGMA main.encoding").get != "UTF-8":
        raise DatabaseUnusable(f"{location}: its text is UTF-16", hint="only UTF-8 can be read")
    if any(columns_of(connection, table) for table in ADDED_TABLES):
        version = version_of(connection)
        raise DatabaseUnusable(
            f"{location}: tables of sloth-runner without its mark, as a restored dump leaves them",
            hint=f"PRAGMA application_id = {APPLICATION_ID} and PRAGMA user_version = {version} set it again",
        )
    from sloth_tui.store.sqlite.schema.documented import check_table

    for table, documented in _DOCUMENTED_COLUMNS.items():
        columns, needed = columns_of(connection, table), documented.split(", ")
        if columns:
            check_table(connection, location, table, columns, needed=needed, ours=_added_columns(table))


def install(connection: apsw.Connection) -> None:
    """Add our schema to an empty or documented database, inside the caller's transaction.

    No row is changed, so a large database takes no longer than a small one.
    """
    from itertools import chain

    from sloth_tui.store.sqlite.schema.lock_triggers import LOCK_TRIGGERS
    from sloth_tui.store.sqlite.schema.ttl_triggers import TRIGGERS

    for table, statement in _DOCUMENTED.items():
        present = columns_of(connection, table)
        if not present:
            connection.execute(statement)
        for column in _ADDED_COLUMNS[table]:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for table, columns in ADDED_TABLES.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
    for statement in (*chain.from_iterable(INDEXES.values()), *TRIGGERS, *LOCK_TRIGGERS):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def create_compat_views(connection: apsw.Connection) -> None:
    """Create temporary views and empty tables, through which a database without our schema reads as if it had
    it.

    Temporary objects take precedence over those of the file, and live in memory.
    """
    connection.execute("PRAGMA temp_store = MEMORY")
    for table, documented in _DOCUMENTED_COLUMNS.items():
        added = _added_columns(table)
        if columns_of(connection, table):
            nulls = ", ".join(f"NULL AS {name}" for name in added)
            connection.execute(
                f"CREATE TEMP VIEW {table} AS SELECT rowid AS rowid, {documented}, {nulls} FROM main.{table}"
            )
        else:
            connection.execute(f"CREATE TEMP TABLE {table} ({documented}, {', '.join(added)})")
    for table, columns in ADDED_TABLES.items():
        connection.execute(f"CREATE TEMP TABLE {table} ({columns})")


def version_of(connection: apsw.Connection) -> int:
    """Return the version of our schema, detected from the tables themselves."""
    if columns_of(connection, "sloth_ttl"):
        return 4
    if "previous" in columns_of(connection, "sloth_history"):
        return 3
    return 2 if columns_of(connection, "sloth_forgotten") else 1


def columns_of(connection: apsw.Connection, table: str) -> set[str]:
    """Return the column names in lower case; empty if there is no such table."""
    rows = connection.execute("SELECT lower(name) FROM pragma_table_info(?, 'main')", (table,))
    return {str(name) for (name,) in rows}


def _added_columns(table: str) -> list[str]:
    return [column.partition(" ")[0] for column in _ADDED_COLUMNS[table]]
