"""Find the key that an encrypted database needs, and say exactly why there is none."""

from __future__ import annotations

import os

from sloth_tui.errors import DatabaseUnusable, PassphraseNeeded
from sloth_tui.store.sqlite.keys.key_file import default_path, read_key_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.sqlite.keys.key_text import KeyLine


def find_key(path: str, key_id: str) -> bytes:
    """Return the key of this id for the database at ``path``.

    First from the key file of the agent: if the key is there, no settings need to be read. Raises
    PassphraseNeeded if a passphrase protects it, DatabaseUnusable.
    """
    own = default_path(os.path.basename(path).removesuffix(".db"))
    found = _among(read_key_file(own), key_id)
    where = own
    if found is None:
        found, where = _elsewhere(path, key_id)
    if found.key is None:
        raise PassphraseNeeded(
            f"{path}: encrypted, and a passphrase protects its key",
            hint="there is no terminal to ask for it",
            key_file=where,
            key_id=key_id,
        )
    return found.key


def _among(lines: list[KeyLine] | None, key_id: str) -> KeyLine | None:
    for line in lines or ():
        if line.key_id == key_id:
            return line
    return None


def _elsewhere(path: str, key_id: str) -> tuple[KeyLine, str]:
    """Return the key from the source of the agent; else from any key file, because the database may be a
    copy or a backup of another agent's."""
    from sloth_tui.store.sqlite.keys.sources import agents_of, key_files, source_of

    failure: DatabaseUnusable | None = None
    for agent in agents_of(path):
        source = source_of(agent)
        try:
            lines = source.keys()
        except DatabaseUnusable as error:
            failure = failure or _missing(path, error.message, error.hint)
            continue
        found = _among(lines, key_id)
        if found is not None:
            return found, source.path or ""
        if failure is None:
            where = source.describe()
            failure = (
                _missing(path, f"{where} does not exist", None)
                if lines is None
                else _wrong(path, where, key_id, lines)
            )
    for file in key_files():
        try:
            found = _among(read_key_file(file), key_id)
        except DatabaseUnusable:
            continue
        if found is not None:
            return found, file
    assert failure is not None
    raise failure


def _missing(path: str, why: str, hint: str | None) -> DatabaseUnusable:
    return DatabaseUnusable(
        f"{path}: encrypted, and there is no key for it: {why}",
        hint=hint or "put the key file back, or name the source of the key: [encryption] key in config.toml",
    )


def _wrong(path: str, where: str, key_id: str, lines: list[KeyLine]) -> DatabaseUnusable:
    there = ", ".join(line.key_id for line in lines)
    return DatabaseUnusable(
        f"{path}: encrypted, and the key from {where} is not its key: it needs {key_id}, there is {there}",
        hint="it was left as it is",
    )
