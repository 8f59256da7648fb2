"""Entries whose rows are lost: what the history and a backup still have of them."""

from __future__ import annotations

from sloth_tui.model import Recovered
from sloth_tui.store.sqlite.sql.rows import RAW_KEY
from sloth_tui.values.codec import decode_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    import apsw

BACKUP, HISTORY = "backup", "history"
_NEWEST = """CREATE TEMP TABLE newest AS SELECT key, max(revision) AS revision, operation, previous, old,
    old_type FROM main.sloth_history GROUP BY key"""
_LOST = """CREATE TEMP TABLE lost AS SELECT key FROM (
        SELECT key FROM known UNION SELECT key FROM newest WHERE operation = 'set')
    WHERE key NOT IN (SELECT key FROM main.state)
    AND key NOT IN (SELECT key FROM newest WHERE operation = 'delete')"""
_COLUMNS = "key, value, created_at, updated_at, type, revision, change"
# The revision of the backup is the last one known: this is the row itself.
_SAME = f"""SELECT {_COLUMNS} FROM saved.state AS its WHERE key IN (SELECT key FROM lost)
    AND revision IS (SELECT revision FROM newest WHERE newest.key = its.key)"""
# One revision of one key has one value: a bit was damaged in one of the two, and the backup is verified.
_SPOILED = f"""SELECT {", ".join("its." + column for column in _COLUMNS.split(", "))}
    FROM saved.state AS its JOIN main.state AS mine ON mine.key = its.key AND mine.revision = its.revision
    WHERE mine.value IS NOT its.value OR mine.type IS NOT its.type"""
_REPLACE = f"INSERT OR REPLACE INTO main.state ({_COLUMNS}) {{}}"
_OLDER = f"""SELECT {_COLUMNS} FROM saved.state AS its WHERE key IN (SELECT key FROM lost)
    AND coalesce(revision, 0) >= coalesce((SELECT previous FROM newest WHERE newest.key = its.key), 0)"""
_OLD = """SELECT key, old AS value, NULL, NULL, old_type AS type, previous AS revision, NULL FROM newest
    WHERE key IN (SELECT key FROM lost) AND old IS NOT NULL AND old_type IS NOT 'secret'"""
_TAKEN = "DELETE FROM lost WHERE key IN (SELECT key FROM main.state UNION SELECT key FROM chosen)"
_CHOSEN = "CREATE TEMP TABLE chosen (key TEXT PRIMARY KEY, value, type TEXT, revision INTEGER, source TEXT)"
_CHOOSE = """INSERT INTO chosen (key, value, type, revision, source)
    SELECT key, value, type, revision, '{}' FROM ({}) WHERE key IN (SELECT key FROM lost)"""


def choose(target: apsw.Connection, backup: str | None) -> tuple[list[Recovered], list[str]]:
    """Fill in what is lost, in the caller's transaction; return the entries that came from elsewhere than
    their rows, and the keys of which no value is left.

    Rows that the backup has of the last known revision are put in place as they are. Older values are left
    in the temporary table ``chosen``: to set them is a change. Raises the driver's errors.
    """
    for statement in (_NEWEST, _LOST, _CHOSEN):
        target.execute(statement)
    recovered = []
    if backup is not None:
        for statement in (_SAME, _SPOILED):
            recovered += _listed(target, BACKUP, f"SELECT {RAW_KEY}, revision, 1 FROM ({statement})")
            target.execute(_REPLACE.format(statement))
        target.execute(_TAKEN)
        target.execute(_CHOOSE.format(BACKUP, _OLDER))
        target.execute(_TAKEN)
    target.execute(_CHOOSE.format(HISTORY, _OLD))
    target.execute(_TAKEN)
    for source in (BACKUP, HISTORY):
        recovered += _listed(
            target, source, f"SELECT {RAW_KEY}, revision, 0 FROM chosen WHERE source = '{source}'"
        )
    lost = [decode_key(key) for (key,) in target.execute(f"SELECT {RAW_KEY} FROM lost ORDER BY key")]
    return sorted(recovered), lost


def _listed(target: apsw.Connection, source: str, statement: str) -> list[Recovered]:
    return [
        Recovered(decode_key(key), source, revision, bool(current))
        for key, revision, current in target.execute(statement)
    ]
