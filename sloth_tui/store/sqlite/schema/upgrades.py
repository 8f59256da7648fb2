"""Databases with an older version of our schema: read through views, upgraded by the first write.

Version 1 did not record what it forgot; since only forgetting made gaps in its revisions, the last gap tells.
A change set that began with a deletion recorded the revision after it as its first. Before version 3 an index
found the revisions of a key; now each row links to the previous one. Before version 4 no entry had a time to
live.
"""

from __future__ import annotations

from sloth_tui.store.sqlite.schema import VERSION
from sloth_tui.store.sqlite.schema.tables import ADDED_TABLES, INDEXES, version_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

_LAST_GAP = """(SELECT coalesce(max(revision) - 1, 0) FROM sloth_history AS kept
    WHERE revision > 1 AND NOT EXISTS (SELECT 1 FROM sloth_history WHERE revision = kept.revision - 1))"""
_BEGINNINGS = "(SELECT change, min(revision) AS revision FROM sloth_history GROUP BY change)"
_COLUMNS = "revision, key, operation, at, change, previous, old_type, old"
_LINKED = """SELECT past.*, (SELECT max(revision) FROM main.sloth_history AS before
    WHERE before.key = past.key AND before.revision < past.revision) AS previous
    FROM main.sloth_history AS past"""
_TRIGGERS = """SELECT name FROM sqlite_schema
    WHERE type = 'trigger' AND name LIKE 'sloth_%' AND tbl_name IN ('state', 'sloth_history')"""
_TABLES_OF_2 = {
    "sloth_recorded": ADDED_TABLES["sloth_bulk"],
    **{table: ADDED_TABLES[table] for table in ("sloth_forgotten", "sloth_secrets", "sloth_secret_patterns")},
}


def upgrade(connection: apsw.Connection) -> None:
    """Upgrade an older schema to the current version, inside the caller's transaction."""
    from sloth_tui.store.sqlite.schema.ttl_triggers import TRIGGERS

    version = version_of(connection)
    if version == 1:
        _upgrade_1(connection)
    for (name,) in connection.execute(_TRIGGERS).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    if version < 3:
        _upgrade_2(connection)
    connection.execute(f"CREATE TABLE sloth_ttl ({ADDED_TABLES['sloth_ttl']})")
    for statement in (*INDEXES["sloth_ttl"], *TRIGGERS):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _upgrade_2(connection: apsw.Connection) -> None:
    connection.execute(f"CREATE TABLE sloth_history_3 ({ADDED_TABLES['sloth_history']})")
    connection.execute(f"INSERT INTO sloth_history_3 ({_COLUMNS}) SELECT {_COLUMNS} FROM ({_LINKED})")
    connection.execute("DROP TABLE sloth_history")
    connection.execute("ALTER TABLE sloth_history_3 RENAME TO sloth_history")
    # Under the old name, a version 2 process that still runs would use the table and break the links.
    connection.execute("ALTER TABLE sloth_recorded RENAME TO sloth_bulk")
    for statement in INDEXES["sloth_history"]:
        connection.execute(statement)


def _upgrade_1(connection: apsw.Connection) -> None:
    for table, columns in _TABLES_OF_2.items():
        connection.execute(f"CREATE TABLE {table} ({columns})")
    connection.execute("ALTER TABLE sloth_changes ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0")
    connection.execute(
        "UPDATE sloth_changes SET first_revision = begun.revision "
        f"FROM {_BEGINNINGS} AS begun WHERE begun.change = id AND begun.revision < first_revision"
    )
    connection.execute(f"UPDATE sloth_changes SET forgotten = 1 WHERE first_revision <= {_LAST_GAP}")
    connection.execute(f"INSERT INTO sloth_meta (name, value) VALUES ('forgotten', {_LAST_GAP})")


def create_upgraded_views(connection: apsw.Connection) -> None:
    """Create temporary views, through which a database of version 1 or 2 reads as if upgraded."""
    connection.execute("PRAGMA temp_store = MEMORY")
    if version_of(connection) == 1:
        _create_upgraded_views_1(connection)
    connection.execute(f"CREATE TEMP VIEW sloth_history AS {_LINKED}")
    connection.execute(f"CREATE TEMP TABLE sloth_ttl ({ADDED_TABLES['sloth_ttl']})")


def _create_upgraded_views_1(connection: apsw.Connection) -> None:
    for table, columns in _TABLES_OF_2.items():
        connection.execute(f"CREATE TEMP TABLE {table} ({columns})")
    connection.execute(
        "CREATE TEMP VIEW sloth_changes AS SELECT id, at, min(first_revision, "
        "coalesce(begun.revision, first_revision)) AS first_revision, user, host, pid, program, title, run, "
        f"task, first_revision <= {_LAST_GAP} AS forgotten "
        f"FROM main.sloth_changes LEFT JOIN {_BEGINNINGS} AS begun ON begun.change = id"
    )
    connection.execute(
        "CREATE TEMP VIEW sloth_meta AS SELECT name, value FROM main.sloth_meta "
        f"UNION ALL SELECT 'forgotten', {_LAST_GAP}"
    )
