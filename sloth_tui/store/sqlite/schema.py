"""The tables: the two documented ones as they are, with columns and tables of ours beside them.

History is an undo log kept by triggers: a row of ``sloth_history`` holds what a change replaced. What
it became is the ``old`` of the key's next row, or else the live value, so nothing is stored twice.

Our own writes say so by giving ``state.revision`` a new number. A write that leaves it alone is by a
program that knows nothing of us; the triggers then number it and drop the type, because such programs
write strings. INSERT OR REPLACE fires no delete trigger and loses our columns, so what it is about to
replace is put aside in ``sloth_replaced`` first. The triggers run inside other programs: they use
nothing that SQLite 3.8 lacks, and pass over rows whose key is NULL, which the documented table allows.
"""

from __future__ import annotations

from sloth_tui.errors import DatabaseUnusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

APPLICATION_ID = 0x534C5448
"""``SLTH``, in the header of every database that has our schema."""
VERSION = 1
"""In the header as ``user_version``."""

OURS, DOCUMENTED, EMPTY = "ours", "documented", "empty"
"""What a database can be, apart from unusable: with our schema, with only the documented one, with none."""

NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
"""A documented timestamp, UTC, in milliseconds."""
NOW_MS = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
"""Unix milliseconds."""
NEXT_REVISION = "(SELECT coalesce(max(revision), 0) + 1 FROM sloth_history)"

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

_ADDED_TABLES = {
    "sloth_meta": "name TEXT PRIMARY KEY, value",
    "sloth_history": """
      revision INTEGER PRIMARY KEY,
      key TEXT NOT NULL,
      operation TEXT NOT NULL,
      old,
      old_type TEXT,
      at INTEGER NOT NULL,
      change INTEGER""",
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
      task TEXT""",
    "sloth_replaced": "key TEXT, value, type TEXT, revision INTEGER, change INTEGER",
    "sloth_lock_tokens": "name TEXT PRIMARY KEY, token INTEGER NOT NULL",
    "sloth_lock_breaks": """
      at INTEGER NOT NULL,
      name TEXT NOT NULL,
      holder TEXT,
      token INTEGER,
      change INTEGER""",
}

_INDEXES = (
    "CREATE INDEX sloth_history_key ON sloth_history (key, revision)",
    "CREATE INDEX sloth_history_deleted ON sloth_history (at) WHERE operation = 'delete'",
)

_RECORD = "INSERT INTO sloth_history (revision, key, operation, old, old_type, at, change)"
_NUMBER = f"SELECT {NEXT_REVISION}"

_TRIGGERS = (
    # -- writes of ours: numbered by the statement itself
    f"""CREATE TRIGGER sloth_inserted AFTER INSERT ON state WHEN NEW.revision IS NOT NULL
    BEGIN
      {_RECORD} VALUES (NEW.revision, NEW.key, 'set', NULL, NULL, {NOW_MS}, NEW.change);
    END""",
    f"""CREATE TRIGGER sloth_updated AFTER UPDATE OF value ON state WHEN NEW.revision IS NOT OLD.revision
    BEGIN
      {_RECORD} VALUES (NEW.revision, NEW.key, 'set', OLD.value, OLD.type, {NOW_MS}, NEW.change);
    END""",
    # -- deletions by anybody; ours are stamped with their change afterwards
    f"""CREATE TRIGGER sloth_deleted AFTER DELETE ON state WHEN OLD.key IS NOT NULL
    BEGIN
      {_RECORD} {_NUMBER}, OLD.key, 'delete', OLD.value, OLD.type, {NOW_MS}, NULL;
      DELETE FROM sloth_replaced;
    END""",
    # -- writes of others
    """CREATE TRIGGER sloth_others_before_insert BEFORE INSERT ON state
    WHEN NEW.revision IS NULL AND NEW.key IS NOT NULL
    BEGIN
      DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;
    END""",
    f"""CREATE TRIGGER sloth_others_inserted AFTER INSERT ON state
    WHEN NEW.revision IS NULL AND NEW.key IS NOT NULL
    BEGIN
      {_RECORD} {_NUMBER}, NEW.key, 'set',
        (SELECT value FROM sloth_replaced), (SELECT type FROM sloth_replaced), {NOW_MS}, NULL
        WHERE NOT EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value);
      UPDATE state SET
        type = (SELECT type FROM sloth_replaced WHERE value IS NEW.value),
        change = (SELECT change FROM sloth_replaced WHERE value IS NEW.value),
        revision = CASE WHEN EXISTS (SELECT 1 FROM sloth_replaced WHERE value IS NEW.value)
          THEN (SELECT revision FROM sloth_replaced) ELSE (SELECT max(revision) FROM sloth_history) END
        WHERE key = NEW.key;
      DELETE FROM sloth_replaced;
    END""",
    f"""CREATE TRIGGER sloth_others_updated AFTER UPDATE OF value, key ON state
    WHEN NEW.revision IS OLD.revision AND NEW.key = OLD.key AND NEW.value IS NOT OLD.value
    BEGIN
      {_RECORD} {_NUMBER}, NEW.key, 'set', OLD.value, OLD.type, {NOW_MS}, NULL;
      UPDATE state SET type = NULL, change = NULL, revision = (SELECT max(revision) FROM sloth_history)
        WHERE key = NEW.key;
    END""",
    """CREATE TRIGGER sloth_others_before_rename BEFORE UPDATE OF key ON state
    WHEN NEW.key IS NOT OLD.key
    BEGIN
      DELETE FROM sloth_replaced;
      INSERT INTO sloth_replaced (key, value, type, revision, change)
        SELECT key, value, type, revision, change FROM state WHERE key = NEW.key;
    END""",
    f"""CREATE TRIGGER sloth_others_renamed AFTER UPDATE OF key ON state WHEN NEW.key IS NOT OLD.key
    BEGIN
      {_RECORD} {_NUMBER}, OLD.key, 'delete', OLD.value, OLD.type, {NOW_MS}, NULL WHERE OLD.key IS NOT NULL;
      {_RECORD} {_NUMBER}, NEW.key, 'set',
        (SELECT value FROM sloth_replaced), (SELECT type FROM sloth_replaced), {NOW_MS}, NULL
        WHERE NEW.key IS NOT NULL;
      UPDATE state SET change = NULL, revision = (SELECT max(revision) FROM sloth_history),
        type = CASE WHEN NEW.value IS OLD.value THEN OLD.type END
        WHERE key = NEW.key;
      DELETE FROM sloth_replaced;
    END""",
)


def inspect(connection: apsw.Connection, location: str) -> str:
    """Which of OURS, DOCUMENTED, EMPTY a database is. Raises DatabaseUnusable for anything else."""
    application = connection.execute("PRAGMA main.application_id").get
    if application == APPLICATION_ID:
        version = connection.execute("PRAGMA main.user_version").get
        if version > VERSION:
            raise newer(location, version)
        connection.execute("SELECT 1 FROM main.state LIMIT 0")  # fails if the schema cannot be read
        return OURS
    if application:
        raise foreign(location)
    if columns_of(connection, "state"):
        _check_documented(connection, location)
        return DOCUMENTED
    if connection.execute("SELECT 1 FROM main.sqlite_schema LIMIT 1").get is None:
        return EMPTY
    raise foreign(location)


def _check_documented(connection: apsw.Connection, location: str) -> None:
    if connection.execute("PRAGMA main.encoding").get != "UTF-8":
        raise DatabaseUnusable(f"{location}: its text is UTF-16", hint="only UTF-8 can be read")
    if any(columns_of(connection, table) for table in _ADDED_TABLES):
        raise DatabaseUnusable(
            f"{location}: tables of sloth-runner without its mark, as a restored dump leaves them",
            hint=f"PRAGMA application_id = {APPLICATION_ID} and PRAGMA user_version = {VERSION} set it again",
        )
    from sloth_tui.store.sqlite.documented import check_table

    for table, documented in _DOCUMENTED_COLUMNS.items():
        columns, needed = columns_of(connection, table), documented.split(", ")
        if columns:
            check_table(connection, location, table, columns, needed=needed, ours=_added_columns(table))


def foreign(location: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{location}: a database of another application", hint="it was left as it is")


def newer(location: str, version: int) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{location}: written by a newer sloth-runner (schema {version}, this one knows {VERSION})",
        hint="upgrade sloth-runner; the database was left as it is",
    )


def install(connection: apsw.Connection) -> None:
    """Add what is ours to an empty or documented database; runs inside the caller's transaction.

    No row is touched, so a large database takes no longer than a small one.
    """
    from sloth_tui.store.sqlite.lock_triggers import LOCK_TRIGGERS

    for table, statement in _DOCUMENTED.items():
        present = columns_of(connection, table)
        if not present:
            connection.execute(statement)
        for column in _ADDED_COLUMNS[table]:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for table, columns in _ADDED_TABLES.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
    for statement in (*_INDEXES, *_TRIGGERS, *LOCK_TRIGGERS):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def shadow(connection: apsw.Connection) -> None:
    """Make a database without our schema read as if it had it, by temporary views and empty tables.

    Temporary objects go before those of the file, and live in memory.
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
    for table, columns in _ADDED_TABLES.items():
        connection.execute(f"CREATE TEMP TABLE {table} ({columns})")


def columns_of(connection: apsw.Connection, table: str) -> set[str]:
    """Lower-case names; empty where there is no such table."""
    rows = connection.execute("SELECT lower(name) FROM pragma_table_info(?, 'main')", (table,))
    return {str(name) for (name,) in rows}


def _added_columns(table: str) -> list[str]:
    return [column.partition(" ")[0] for column in _ADDED_COLUMNS[table]]
