"""The SHA-256 of a backup, in a file beside it that ``sha256sum -c`` reads."""

from __future__ import annotations

import os

import apsw

from sloth_tui.errors import DatabaseDamaged, NotWritable

SUFFIX = ".sha256"
_MODE = 0o600
_BLOCK_BYTES = 1024 * 1024
_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB


def sha256_of(path: str) -> str:
    """Return the SHA-256 of a file in hex. Raises apsw.Error, OSError.

    It is read through SQLite's own file layer: to open and close a database in any other way would drop the
    POSIX locks that this process holds on it.
    """
    from hashlib import sha256

    digest = sha256()
    file = apsw.VFSFile("", path, [_FLAGS, 0])
    try:
        size, at = file.xFileSize(), 0
        while at < size:
            block = file.xRead(min(_BLOCK_BYTES, size - at), at)
            digest.update(block)
            at += len(block)
    finally:
        file.xClose()
    return digest.hexdigest()


def write_checksum(path: str, digest: str) -> None:
    """Write the checksum of a backup beside it, for its owner only. Raises NotWritable."""
    beside = path + SUFFIX
    try:
        descriptor = os.open(
            beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE
        )
        try:
            os.fchmod(descriptor, _MODE)
            os.write(descriptor, f"{digest}  {os.path.basename(path)}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise NotWritable(f"{beside}: cannot be written: {error.strerror}") from error


def check_checksum(path: str) -> bool:
    """Return True if a file has a checksum beside it, and matches it; False if it has none. Raises
    DatabaseDamaged if it does not match."""
    try:
        with open(path + SUFFIX, encoding="utf-8", errors="replace") as file:
            noted = file.read(4096).split()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise DatabaseDamaged(f"{path}{SUFFIX}: {error.strerror}", hint="check its permissions") from error
    if not noted or noted[0].lower() != sha256_of(path):
        raise DatabaseDamaged(
            f"{path}: not what was saved: its SHA-256 is not the one in {os.path.basename(path)}{SUFFIX}",
            hint="take another backup; nothing was changed",
        )
    return True
