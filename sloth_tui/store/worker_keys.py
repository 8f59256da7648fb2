"""The keys of a run: what its worker gets through a pipe, and keeps.

The front end finds the key, because it can ask for a passphrase, and because it takes keys out of the
environment before any process inherits them. What goes through the pipe are lines ``ID KEY``.
"""

from __future__ import annotations

import os

from sloth_tui.agents import base_directory
from sloth_tui.errors import DatabaseUnusable, PassphraseNeeded
from sloth_tui.store import chosen_store, hide_keys, settings_text

_SOURCES = (b"encryption", b"file:", b"command:", b"env:", b"credential:", b"\\")
"""What is in a file of settings that names a source of keys. A name could be written with escapes."""


def keys_for_worker(agent: str) -> bytes:
    """Return what the worker of a run on this agent has to know; empty if nothing is encrypted, or if the
    store cannot be opened: not every run needs it, and the worker says why. Raises PassphraseNeeded."""
    hide_keys()
    if not _may_be_encrypted() or chosen_store() is not None:
        return b""
    try:
        key = _key(agent)
    except PassphraseNeeded:
        raise
    except DatabaseUnusable:
        return b""
    return b"" if key is None else f"{key[0]} {key[1].hex()}\n".encode()


def _key(agent: str) -> tuple[str, bytes] | None:
    from sloth_tui.store.encryption import encryption_of
    from sloth_tui.store.sqlite.keys.keyed import needed_key, new_key

    now = encryption_of(agent)
    if now.key_id is not None:
        return needed_key(now.path, now.key_id)
    return None if now.exists else new_key(now.path)


def accept_keys(text: bytes) -> None:
    """Keep the keys for as long as this process lives."""
    from sloth_tui.store.sqlite.keys import hold

    for line in text.decode("ascii").splitlines():
        key_id, _, key = line.partition(" ")
        hold(key_id, bytes.fromhex(key))


def _may_be_encrypted() -> bool:
    """Return False if certainly no database has a key: there are no keys, and the settings name no source.
    To find that out must not cost what parsing the settings does."""
    if os.environ.get("SLOTH_RUNNER_KEY") or os.path.lexists(os.path.join(base_directory(), "keys")):
        return True
    text = settings_text()
    return text is None or any(word in text for word in _SOURCES)
