"""The database as a file: what shows that a suspect one must not be opened, and how a new one is created."""

from __future__ import annotations

import os

from sloth_tui.agents import status_of
from sloth_tui.errors import DatabaseDamaged, NotWritable

_JOURNAL_HEADER_BYTES = 28
PARTIAL = ".part"
"""How the name of a file ends that is being written: a dot, its name, the process that writes it, this."""
_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600


def has_log(path: str) -> bool:
    """Return True if the database has a write-ahead log. Raises DatabaseUnusable if that is unknown."""
    return status_of(path + "-wal") is not None


def has_hot_journal(path: str) -> bool:
    """Return True if a writer left a rollback journal that must still be played back. A journal with an empty
    or zeroed header is finished; one that cannot be read may be hot. Raises DatabaseUnusable."""
    if status_of(path + "-journal") is None:
        return False
    header = _journal_header(path)
    return header is None or header[:1] not in (b"", b"\0")


def refuse_emptied(path: str) -> None:
    """Raise DatabaseUnusable for an empty file if another file beside it shows that it once held a database.

    A first write that was killed also leaves an empty file, with a journal for a database of no pages.
    """
    witness = next((path + suffix for suffix in ("-wal", "-shm") if status_of(path + suffix)), None)
    if witness is None:
        header = _journal_header(path) if status_of(path + "-journal") else b""
        if header is not None and not int.from_bytes(header[16:20], "big"):
            return
        witness = path + "-journal"
    status = status_of(path)
    if status is None or status.st_size:
        return  # another process created it meanwhile
    raise DatabaseDamaged(
        f"{path}: damaged: it is empty, and {os.path.basename(witness)} tells that it was not",
        hint="state doctor --repair rescues what can be read, or state restore a backup; "
        "to begin anew, remove both files",
    )


def _journal_header(path: str) -> bytes | None:
    """Return the first bytes of the journal, fewer if it is shorter; None if it cannot be read. SQLite holds
    no locks on a journal, so it may be opened and closed like any file."""
    try:
        with open(path + "-journal", "rb", buffering=0) as file:
            return file.read(_JOURNAL_HEADER_BYTES) or b""
    except FileNotFoundError:
        return b""
    except OSError:
        return None


def create_file(path: str) -> list[str] | None:
    """Create an empty database file and its directories, for its owner only whatever the umask.

    Return the directories that were created, outermost first; None if the file exists, and then do nothing.
    Raises NotWritable, and then leaves nothing behind.
    """
    made: list[str] = []
    try:
        _create_directories(os.path.dirname(path), made)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, _FILE_MODE)
    except FileExistsError:
        return None
    except OSError as error:
        remove_directories(made)
        raise NotWritable(f"{path}: cannot be created: {error.strerror}") from error
    try:
        os.fchmod(descriptor, _FILE_MODE)
    finally:
        os.close(descriptor)
    return made


def abandoned(directory: str) -> list[str]:
    """Return the half written files in a directory whose writer is gone, as far as that is known: their names
    end in the number of the process and :data:`PARTIAL`."""
    try:
        names = sorted(os.listdir(directory))
    except OSError:
        return []
    return [os.path.join(directory, name) for name in names if _is_abandoned(name)]


def _is_abandoned(name: str) -> bool:
    stem = name.removesuffix("-journal").removesuffix("-wal").removesuffix("-shm")
    number = stem.removesuffix(PARTIAL).rpartition(".")[2]
    if not (name.startswith(".") and stem.endswith(PARTIAL) and number.isdecimal()):
        return False
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


def remove_directories(made: list[str]) -> None:
    """Remove the directories that :func:`create_file` created, except those in use by now."""
    try:
        for directory in reversed(made):
            os.rmdir(directory)
    except OSError:
        return


def _create_directories(directory: str, made: list[str]) -> None:
    if os.path.isdir(directory):
        return
    _create_directories(os.path.dirname(directory), made)
    try:
        os.mkdir(directory, _DIRECTORY_MODE)
    except FileExistsError:
        return
    made.append(directory)
    os.chmod(directory, _DIRECTORY_MODE)
