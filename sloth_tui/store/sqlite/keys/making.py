"""Make keys, and write key files: whole or not at all, and never over a key that may be needed."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress

from sloth_tui.agents import base_directory
from sloth_tui.errors import Conflict, NotWritable, PassphraseNeeded
from sloth_tui.store.sqlite.keys import KEY_BYTES, held, hold, id_of
from sloth_tui.store.sqlite.keys.key_file import read_key_file
from sloth_tui.store.sqlite.keys.key_text import KeyLine

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.store.sqlite.keys.sources import KeySource

_HEADER = """\
# Keys of sloth-runner. Without them the data is lost: keep a copy elsewhere, and let nobody read it.
# One a line, the newest first; those below it open backups that were made before.
"""


def key_to_use(source: KeySource, current: str | None = None) -> tuple[str, bytes]:
    """Return id and key for what is encrypted now, another one than ``current``.

    A key file gets a new key if it has none, or none but the current one at its beginning. Raises Conflict
    if another source gives no other key, PassphraseNeeded, NotWritable, DatabaseUnusable.
    """
    first = next(iter(source.keys() or ()), None)
    if first is not None and first.key_id != current and not (source.asks and first.key is not None):
        key = first.key if first.key is not None else held().get(first.key_id)
        if key is None:
            raise PassphraseNeeded(
                f"{source.describe()}: a passphrase protects this key",
                hint="there is no terminal to ask for it",
                key_file=source.path or "",
                key_id=first.key_id,
            )
        return first.key_id, key
    path = source.path
    if path is None:
        raise Conflict(
            f"{source.describe()} gives no other key than the one in use ({current})",
            hint="let it give the new key in a first line, and the one in use in a second",
        )
    if source.asks:
        raise PassphraseNeeded(
            f"{path}: a new key needs a passphrase that protects it",
            hint=f"sloth-runner state encrypt --agent {source.agent} asks for one on a terminal",
            key_file=path,
            key_id=None,
        )
    key = os.urandom(KEY_BYTES)
    line = KeyLine(id_of(key), key)
    _add(path, line)
    return line.key_id, key


def make_wrapped_key(path: str, passphrase: str) -> None:
    """Add a new key, protected by the passphrase, to a key file, and hold it. Raises NotWritable."""
    from sloth_tui.store.sqlite.keys.passphrase import wrap

    key = os.urandom(KEY_BYTES)
    line = wrap(key, passphrase)
    _add(path, line)
    hold(line.key_id, key)


def protect(path: str, key_id: str, key: bytes, passphrase: str) -> None:
    """Protect a key of a key file by another passphrase than before, or by one at all. Raises NotWritable."""
    from sloth_tui.store.sqlite.keys.passphrase import wrap

    line = wrap(key, passphrase)
    with _locked(path):
        lines = read_key_file(path) or []
        _write(path, [line if each.key_id == key_id else each for each in lines])


def _add(path: str, line: KeyLine) -> None:
    """Put a key first."""
    with _locked(path):
        _write(path, [line, *(read_key_file(path) or ())])


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """Keep other programs from writing key files beside this one, which would lose a key."""
    directory = os.path.dirname(os.path.realpath(path))
    try:
        made = not os.path.isdir(directory)
        os.makedirs(directory, mode=0o700, exist_ok=True)
        if made:
            os.chmod(directory, 0o700)
            _give_to_owner(directory)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise NotWritable(f"{path}: the key cannot be written: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: str, lines: list[KeyLine]) -> None:
    """Write a key file under the lock. What is at its path is the old one or the new one, never a part."""
    path = os.path.realpath(path)
    partial = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.new")
    text = _HEADER + "".join(f"{line}\n" for line in lines)
    try:
        with suppress(FileNotFoundError):
            os.unlink(partial)
        descriptor = os.open(
            partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            os.fchmod(descriptor, 0o600)
            os.write(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _give_to_owner(partial)
        os.rename(partial, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(partial)
        raise NotWritable(f"{path}: the key cannot be written: {error.strerror}") from error


def _give_to_owner(path: str) -> None:
    """Let root make keys for the user whose databases they are."""
    if os.geteuid() == 0:
        with suppress(OSError):
            status = os.stat(base_directory())
            os.chown(path, status.st_uid, status.st_gid)
