"""What this backend notes inside an agent's database, in tables that every one of ours has.

``s3_birth`` tells one database from another that later has its place. ``s3_commits`` are the newest commits:
who does not know whether its own took effect finds it there, even below those of others. They also make each
snapshot different from all others, and so its ETag. ``s3_changes`` counts them, without those that only
close the gate. ``s3_gate`` is the token of the writer that is inside a transaction. The tokens of locks are a
floor: a fence with a smaller one no longer holds.
"""

from __future__ import annotations

from os import urandom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Connection(Protocol):
        """A connection to a database with our schema."""

        def execute(self, statement: str, bindings: tuple[Any, ...] = ...) -> Any: ...


_ID_BYTES = 12
_KEPT = 256
"""Number of commits that are remembered."""
_BIRTH, _COMMITS, _CHANGES, _GATE = "s3_birth", "s3_commits", "s3_changes", "s3_gate"
_GET = "SELECT value FROM main.sloth_meta WHERE name = ?"
_SET = "INSERT OR REPLACE INTO main.sloth_meta (name, value) VALUES (?, ?)"
_DELETE = "DELETE FROM main.sloth_meta WHERE name = ?"
_HAS_META = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = 'sloth_meta'"
_FLOOR = "SELECT token FROM sloth_lock_tokens WHERE name = ?"
_RAISE_FLOOR = """INSERT INTO sloth_lock_tokens (name, token) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET token = max(token, excluded.token)"""


def new_id() -> bytes:
    """Return the id of a commit."""
    return urandom(_ID_BYTES)


def sign(connection: Connection, commit: bytes, *, counts: bool = True) -> None:
    """Add a commit, and give a new database its birth mark. ``counts``: others want to know of it."""
    if counts:
        connection.execute(_SET, (_CHANGES, changes(connection) + 1))
    connection.execute(_SET, (_COMMITS, (commits(connection) + commit)[-_KEPT * _ID_BYTES :]))
    if not birth(connection):
        connection.execute(_SET, (_BIRTH, commit.hex()))


def forget(connection: Connection) -> None:
    """Make a database one that this backend never wrote to: a copy is another database."""
    for name in (_BIRTH, _COMMITS, _CHANGES, _GATE) if connection.execute(_HAS_META).get else ():
        connection.execute(_DELETE, (name,))


def has(commits: bytes, commit: bytes) -> bool:
    """Return True if a commit is among these."""
    return any(commits[at : at + _ID_BYTES] == commit for at in range(0, len(commits), _ID_BYTES))


def is_full(commits: bytes) -> bool:
    """Return True if older commits than these may be forgotten."""
    return len(commits) >= _KEPT * _ID_BYTES


def newest(commits: bytes) -> bytes:
    """Return the newest of these; empty if there is none."""
    return commits[-_ID_BYTES:]


def commits(connection: Connection) -> bytes:
    """Return the commits that are remembered, joined, oldest first."""
    found = _value(connection, _COMMITS)
    return found if isinstance(found, bytes) and not len(found) % _ID_BYTES else b""


def changes(connection: Connection) -> int:
    """Return the number of commits that others want to know of."""
    found = _value(connection, _CHANGES)
    return found if isinstance(found, int) else 0


def birth(connection: Connection) -> str:
    """Return the birth mark; empty if this backend never wrote to the database."""
    found = _value(connection, _BIRTH)
    return found if isinstance(found, str) else ""


def gate(connection: Connection) -> int:
    """Return the token of the writer that is inside a transaction; 0 if there is none."""
    found = _value(connection, _GATE)
    return found if isinstance(found, int) else 0


def set_gate(connection: Connection, token: int) -> None:
    """Note the token of the writer that is inside a transaction; 0: there is none."""
    if token:
        connection.execute(_SET, (_GATE, token))
    else:
        connection.execute(_DELETE, (_GATE,))


def floor(connection: Connection, name: str) -> int:
    """Return the smallest token of a lock that a fence may have; 0 if any may."""
    found = connection.execute(_FLOOR, (name,)).get
    return found if isinstance(found, int) else 0


def raise_floor(connection: Connection, name: str, token: int) -> None:
    """Refuse fences with a smaller token from now on."""
    connection.execute(_RAISE_FLOOR, (name, token))


def _value(connection: Connection, name: str) -> object:
    if connection.execute(_HAS_META).get is None:
        return None
    found: object = connection.execute(_GET, (name,)).get
    return found
