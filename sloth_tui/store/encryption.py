"""Encryption of the databases of agents: for the front ends, and for the worker of a run.

Only files of this machine are encrypted by this program. A key is never returned to a front end, except as
what a worker gets through a pipe.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from sloth_tui.agents import check_name, status_of
from sloth_tui.errors import Conflict, DatabaseUnusable, PassphraseNeeded, UsageError
from sloth_tui.store import chosen_store
from sloth_tui.store.sqlite import database_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.settings import Settings

_ELSEWHERE = {
    "etcd": "who may read it is etcd's matter; encrypt its disk, and use etcds://",
    "s3": "let the bucket encrypt what it stores (SSE), and use https",
}


class Encryption(NamedTuple):
    """How the database of an agent is encrypted."""

    path: str
    exists: bool
    key_id: str | None
    """Id of its key; None if it is plain."""
    source: str
    """Where its keys come from, in words."""


def encryption_of(agent: str, settings: Callable[[], Settings] | None = None) -> Encryption:
    """Return how an agent is encrypted. Raises Refused for a store that is not the files of this machine,
    DatabaseUnusable, InvalidConfig."""
    from sloth_tui.store.sqlite.engine.opening import check_file
    from sloth_tui.store.sqlite.keys.sources import source_of

    require_files(settings)
    path = _path(agent)
    exists = status_of(path) is not None
    return Encryption(path, exists, check_file(path) if exists else None, source_of(agent).describe())


def require_files(settings: Callable[[], Settings] | None = None) -> None:
    """Raise UsageError if the chosen store is on another machine."""
    address = chosen_store() if settings is None else chosen_store(settings)
    if address is not None:
        from sloth_tui.store.address import backend_of

        backend = backend_of(address)
        raise UsageError(
            f"{backend} stores are not encrypted by this program, only files of this machine",
            hint=_ELSEWHERE.get(backend),
        )


def require_ciphers(agent: str) -> None:
    """Raise DatabaseUnusable if this installation cannot encrypt the database of an agent."""
    from sloth_tui.store.sqlite.keys import keyed

    keyed.require_ciphers(f"agent '{agent}'")


def exchanges() -> list[tuple[str, str]]:
    """Return installer and command, of those that exchange an installation for one that can encrypt; none if
    this one can."""
    from sloth_tui.store.sqlite.keys.keyed import EXCHANGES, HAS_CIPHERS

    return [] if HAS_CIPHERS else list(EXCHANGES)


def choose_source(source: str) -> None:
    """Let this process and those that it starts take keys from this source. Raises UsageError."""
    from sloth_tui.settings_file import check_key_source
    from sloth_tui.store.sqlite.keys.sources import SOURCE_VARIABLE

    check_key_source(source, "--key")
    os.environ[SOURCE_VARIABLE] = source


def encrypt(agent: str) -> str:
    """Encrypt the database of an agent, or create an encrypted one if there is none; return the key's id.

    The key comes from the agent's source; a key file is created if there is none. Raises Conflict if it is
    encrypted or open elsewhere, PassphraseNeeded, DatabaseUnusable, NotWritable.
    """
    from sloth_tui.store.sqlite.encryption.swap import swap
    from sloth_tui.store.sqlite.keys.keyed import make_key

    require_ciphers(agent)
    now = encryption_of(agent)
    if now.key_id is not None:
        raise Conflict(
            f"agent '{agent}' is encrypted already (key {now.key_id})",
            hint="state rekey gives it another key",
        )
    key = make_key(now.path)
    if now.exists:
        swap(now.path, key)
    else:
        from sloth_tui.store.sqlite.engine.adopting import open_adopted

        open_adopted(now.path, key)[0].close()
    return key[0]


def decrypt(agent: str) -> None:
    """Decrypt the database of an agent. Raises as :func:`encrypt`, and Conflict if it is not encrypted."""
    from sloth_tui.store.sqlite.encryption.swap import swap

    require_ciphers(agent)
    swap(_encrypted(agent).path, None)


def rekey(agent: str) -> str:
    """Encrypt the database of an agent with another key, and return that key's id. Raises as
    :func:`encrypt`, and Conflict if it is not encrypted."""
    from sloth_tui.store.sqlite.encryption.swap import swap
    from sloth_tui.store.sqlite.keys import hold, key_of
    from sloth_tui.store.sqlite.keys.making import key_to_use
    from sloth_tui.store.sqlite.keys.sources import source_of

    require_ciphers(agent)
    now = _encrypted(agent)
    assert now.key_id is not None
    key_of(now.path, now.key_id)  # before another one is made
    key = key_to_use(source_of(agent), now.key_id)
    hold(*key)
    swap(now.path, key)
    return key[0]


def change_passphrase(agent: str, passphrase: str) -> str:
    """Protect the key of an agent by another passphrase, or by one at all, and return the path of the key
    file. The database stays as it is. Raises as :func:`rekey`, and UsageError if the key is in no file."""
    from sloth_tui.store.sqlite.keys import key_of
    from sloth_tui.store.sqlite.keys.making import protect
    from sloth_tui.store.sqlite.keys.sources import source_of

    now = _encrypted(agent)
    assert now.key_id is not None
    key = key_of(now.path, now.key_id)
    path = source_of(agent).path
    if path is None:
        raise UsageError(f"the key comes from {now.source}, and only a key file can have a passphrase")
    protect(path, now.key_id, key, passphrase)
    return path


def is_encrypted(path: str) -> bool:
    """Return True if the beginning of a file says that it is an encrypted database."""
    from sloth_tui.store.sqlite.engine.opening import marked_key

    return marked_key(path) is not None


def check_key(agent: str) -> None:
    """Raise what keeps the key of an encrypted agent from being known: PassphraseNeeded, DatabaseUnusable."""
    from sloth_tui.store.sqlite.keys import key_of

    now = _encrypted(agent)
    assert now.key_id is not None
    key_of(now.path, now.key_id)


def key_warning(agent: str) -> str | None:
    """Return what makes the source of an agent's keys a weak one; None if nothing does."""
    from sloth_tui.store.sqlite.keys.sources import source_of

    source = source_of(agent)
    if source.kind == "env":
        return f"the environment of a running program, and so {source.describe()}, can be read in /proc"
    state = os.path.dirname(_path(agent))
    if source.path is not None and os.path.dirname(os.path.realpath(source.path)) == state:
        return f"{source.path} lies beside the database: a copy of that directory has both"
    return None


def unlock(needed: PassphraseNeeded, passphrase: str) -> bool:
    """Find the key that a passphrase protects, and keep it for as long as this process lives, or make a new
    key that it protects; return False for a wrong passphrase. Raises DatabaseUnusable, NotWritable."""
    from sloth_tui.store.sqlite.keys import hold
    from sloth_tui.store.sqlite.keys.key_file import read_key_file
    from sloth_tui.store.sqlite.keys.making import make_wrapped_key
    from sloth_tui.store.sqlite.keys.passphrase import unwrap

    if needed.key_id is None:
        make_wrapped_key(needed.key_file, passphrase)
        return True
    for line in read_key_file(needed.key_file) or ():
        if line.key_id == needed.key_id:
            key = line.key if line.key is not None else unwrap(line, passphrase)
            if key is not None:
                hold(line.key_id, key)
            return key is not None
    raise DatabaseUnusable(f"{needed.key_file}: the key {needed.key_id} is no longer there")


def plain_files(agent: str) -> list[str]:
    """Return the paths of plain databases under the base directory that are the agent's by their names:
    backups, copies, leftovers."""
    from sloth_tui.store.sqlite.encryption.plain_files import find_plain_files

    return find_plain_files(agent)


def _encrypted(agent: str) -> Encryption:
    now = encryption_of(agent)
    if now.key_id is None:
        raise Conflict(f"agent '{agent}' is not encrypted", hint="nothing was changed")
    return now


def _path(agent: str) -> str:
    path = database_path(check_name(agent))
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
