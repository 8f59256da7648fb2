"""More connections that see the same snapshot, so that two threads can read it at once."""

from __future__ import annotations

from contextlib import closing

from sloth_tui.store.sqlite.engine.connection import OpenDatabase
from sloth_tui.store.sqlite.schema import CURRENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import ExitStack

MANY = 20_000
"""Entries from which on threads are worth their start."""
_TRIES = 5
_VERSION = "PRAGMA main.data_version"
_READ = "SELECT count(*) FROM main.sqlite_schema"
"""Begins the snapshot of a transaction."""
_SMALL_CACHE = "PRAGMA cache_size = -2048"


def companions(reader: OpenDatabase, opened: ExitStack) -> list[OpenDatabase]:
    """Return two connections that read from one snapshot with ``reader``, which gets a new one; none if
    others commit too often for that, or where files are read in another way. ``opened`` closes them."""
    if reader.kind is not CURRENT or reader.frozen is not None:
        return []
    other, witness = (opened.enter_context(closing(OpenDatabase(reader.path))) for _ in range(2))
    if not all(one.kind is CURRENT and one.frozen is None for one in (other, witness)):
        return []
    together = [one.connection for one in (reader, other, witness)]
    for connection in together:
        connection.execute(_SMALL_CACHE)
    for _ in range(_TRIES):
        reader.connection.execute("COMMIT")
        # If the version is still that of a moment before all snapshots, nobody has committed in between.
        before = witness.connection.execute(_VERSION).get
        for connection in together:
            connection.execute("BEGIN")
            connection.execute(_READ).fetchall()
        if witness.connection.execute(_VERSION).get == before:
            return [other, witness]
        for connection in together[1:]:
            connection.execute("COMMIT")
    return []
