"""Who makes the changes: a row of ``sloth_changes`` per origin of a handle, written with its first change."""

from __future__ import annotations

from sloth_tui.store.sqlite.entries.retention import settings_of
from sloth_tui.store.sqlite.entries.secrets import note_patterns
from sloth_tui.store.sqlite.schema.tables import NEXT_REVISION, NOW_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.engine.database import Database

_OPEN = (
    "INSERT INTO sloth_changes (at, first_revision, user, host, pid, program, title, run, task) "
    f"VALUES ({NOW_MS}, {NEXT_REVISION}, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)


def change_of(database: Database) -> int:
    """The change set that the handle's writes belong to; call it inside a transaction.
    Raises InvalidConfig, since the settings say which keys hold secrets."""
    if database.change is None:
        if database.origin is None:
            from sloth_tui.origin import this_process

            database.origin = this_process("sloth-runner", "")
        change: int = database.execute(_OPEN, tuple(map(_text, database.origin))).get
        note_patterns(database, settings_of(database).secret_keys)
        database.change, database.change_depth = change, database.depth
    return database.change


def _text(part: object) -> object:
    """Undecodable bytes of a command line are kept as escapes."""
    return part.encode("utf-8", "backslashreplace").decode() if isinstance(part, str) else part
