"""Encrypted databases: the key of a connection, and the build of SQLite that takes one.

SQLite without ciphers ignores a key and writes plain text, so none is ever handed to it.
"""

from __future__ import annotations

import os

import apsw

from sloth_tui.errors import DatabaseUnusable
from sloth_tui.store.sqlite import state_directory
from sloth_tui.store.sqlite.keys import CIPHER, key_id_in, key_of, mark

_SQLITE_MAGIC = b"SQLite format 3\0"
HAS_CIPHERS = hasattr(apsw, "mc_version")
EXCHANGES = (
    ("pip", "pip uninstall -y apsw && pip install apsw-sqlite3mc"),
    ("pipx", "pipx runpip sloth-tui uninstall -y apsw && pipx inject sloth-tui apsw-sqlite3mc"),
    ("uv", "uv pip uninstall apsw && uv pip install apsw-sqlite3mc"),
)
"""Installer -> the command that puts the build with ciphers in the place of the plain one. Never both: they
are one module, and the plain one may win."""


def require_ciphers(what: str) -> None:
    """Raise DatabaseUnusable if this installation has no ciphers; ``what`` begins the message."""
    if not HAS_CIPHERS:
        raise DatabaseUnusable(
            f"{what}: this installation cannot read or write encrypted databases: its apsw has no ciphers",
            hint=EXCHANGES[0][1],
        )


def needed_key(path: str, key_id: str) -> tuple[str, bytes]:
    """Return id and key that the file at ``path`` needs. Raises DatabaseUnusable, PassphraseNeeded."""
    require_ciphers(f"{path}: encrypted")
    return key_id, key_of(path, key_id)


def new_key(path: str) -> tuple[str, bytes] | None:
    """Return id and key for a database that is about to be created; None if it is to be plain. A setting
    decides for those of agents; others, like the result of a repair, are plain.

    Raises DatabaseUnusable, PassphraseNeeded, NotWritable (the key file).
    """
    from sloth_tui.settings import load_settings

    if not load_settings().encrypt_new or os.path.dirname(path) != os.path.realpath(state_directory()):
        return None
    require_ciphers(f"{path}: new agents are to be encrypted")
    return make_key(path)


def make_key(path: str) -> tuple[str, bytes]:
    """Return id and key for the database at ``path`` of an agent that has none, or a plain one."""
    from sloth_tui.store.sqlite.keys import hold
    from sloth_tui.store.sqlite.keys.making import key_to_use
    from sloth_tui.store.sqlite.keys.sources import agents_of, source_of

    key_id, key = key_to_use(source_of(agents_of(path)[0]))
    hold(key_id, key)
    return key_id, key


def set_key(connection: apsw.Connection, key: tuple[str, bytes]) -> None:
    """Give a connection that has not read anything its key. Raises DatabaseUnusable if it takes none."""
    require_ciphers("encrypted")
    connection.execute(f"PRAGMA cipher = '{CIPHER}'").fetchall()
    # Not to be found in the cache of statements.
    statement = f"PRAGMA key = 'raw:{_with_mark(key).hex()}'"
    if connection.execute(statement, can_cache=False).fetchall() != [("ok",)]:
        raise DatabaseUnusable("SQLite did not take the key of an encrypted database")


def change_key(connection: apsw.Connection, key: tuple[str, bytes]) -> None:
    """Encrypt the file of a connection with another key, or a plain one with its first. No other program may
    know of it. Raises DatabaseUnusable, and the driver's errors."""
    require_ciphers("encrypted")
    connection.execute(f"PRAGMA cipher = '{CIPHER}'").fetchall()
    connection.execute("PRAGMA journal_mode = MEMORY").fetchall()
    connection.execute(f"PRAGMA rekey = 'raw:{_with_mark(key).hex()}'", can_cache=False).fetchall()


def target(path: str, key: tuple[str, bytes] | None) -> str:
    """Return SQLite's name for a file that is written with this key, or plain. It holds the key, so it must
    never be part of an error."""
    from urllib.parse import quote

    require_ciphers("encrypted")
    name = "file:" + quote(path.encode())
    if key is None:
        return f"{name}?cipher={CIPHER}&key="
    return f"{name}?cipher={CIPHER}&hexkey={(b'raw:' + _with_mark(key)).hex()}"


def require_encrypted(path: str, header: bytes, key: tuple[str, bytes]) -> None:
    """Raise DatabaseUnusable if the beginning of a file that was written with a key can be read without."""
    if header.startswith(_SQLITE_MAGIC) or (header and key_id_in(header) != key[0]):
        raise DatabaseUnusable(f"{path}: SQLite did not encrypt it", hint="it was removed")


def _with_mark(key: tuple[str, bytes]) -> bytes:
    """Return the raw key, followed by the salt, which becomes the mark of the file."""
    return key[1] + mark(key[0])
