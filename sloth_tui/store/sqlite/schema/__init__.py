"""Tables, triggers, and upgrades between schema versions.

How a database is recognized is here, because every command needs it. What the schema holds is in ``tables``,
which is imported for a database that lacks it.
"""

from __future__ import annotations

from sloth_tui.errors import DatabaseUnusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

APPLICATION_ID = 0x534C5448
"""``SLTH``: marks the header of every database with our schema."""
VERSION = 4
"""The schema version, in the header as ``user_version``."""

_UNTIMED_VERSION = 3
"""The version that lacks nothing to read but the table of times to live."""
TTL_COLUMNS = """
      key TEXT PRIMARY KEY,
      deadline INTEGER NOT NULL,
      boot_id TEXT NOT NULL,
      wall REAL NOT NULL"""  # as of locks: nanoseconds, valid in this boot; after a reboot, unix seconds

CURRENT, OUTDATED, UNADOPTED, EMPTY = "current", "outdated", "unadopted", "empty"
"""Kinds of usable databases: with our schema, with an older version of it, with only the documented tables,
without tables."""


def marked_kind(connection: apsw.Connection, location: str) -> str | None:
    """Return CURRENT or OUTDATED for a database with our mark, None for one without any. Raises
    DatabaseUnusable for any other."""
    application = connection.execute("PRAGMA main.application_id").get
    if application == APPLICATION_ID:
        version = connection.execute("PRAGMA main.user_version").get
        if version > VERSION:
            raise newer(location, version)
        connection.execute("SELECT 1 FROM main.state LIMIT 0")  # fails if the schema cannot be read
        return CURRENT if version == VERSION else OUTDATED
    if application:
        raise foreign(location)
    return None


def read_marks(connection: apsw.Connection) -> tuple[object, object]:
    """Return (application id, version), which change when the database becomes one of another kind."""
    application = connection.execute("PRAGMA main.application_id").get
    return application, connection.execute("PRAGMA main.user_version").get


def stand_in(connection: apsw.Connection, version: object) -> None:
    """Create temporary objects, through which a database of an older version reads as if upgraded."""
    if version == _UNTIMED_VERSION:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"CREATE TEMP TABLE sloth_ttl ({TTL_COLUMNS})")
        return
    from sloth_tui.store.sqlite.schema.upgrades import create_upgraded_views

    create_upgraded_views(connection)


def foreign(location: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{location}: a database of another application", hint="it was left as it is")


def newer(location: str, version: int) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{location}: written by a newer sloth-runner (schema {version}, this one knows {VERSION})",
        hint="upgrade sloth-runner; the database was left as it is",
    )
