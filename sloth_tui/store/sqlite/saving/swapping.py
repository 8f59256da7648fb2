"""Put another database in the place of one that may be damaged, which is kept as it is."""

from __future__ import annotations

import fcntl
import os
import struct
from contextlib import ExitStack, contextmanager, suppress

import apsw

from sloth_tui.agents import status_of
from sloth_tui.durable import flush_name
from sloth_tui.errors import Conflict, NotWritable
from sloth_tui.store.sqlite.engine import UNREADABLE
from sloth_tui.store.sqlite.engine.errors import translate_error
from sloth_tui.store.sqlite.engine.files import PARTIAL, abandoned, create_file, has_hot_journal
from sloth_tui.store.sqlite.engine.opening import FLAGS, check_path, connect_anyhow

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

NEW = ".new"
"""How the name of a file ends that is to take the place of another: a dot, the name of that, this."""
BESIDE = ("-wal", "-journal", "-shm")
_KEPT = ("-wal", "-journal", "")
"""What the kept files end with: the index of a log can be made again."""
_FIRST_LOCK_BYTE, _LOCK_BYTES = 0x40000000, 512
"""Where SQLite locks a database: PENDING, RESERVED and the SHARED range. Whoever has one with a log open
holds a lock in the last."""
_BLOCK_BYTES = 1024 * 1024
_SEIZE_TIMEOUT_MS = 2000
"""Time that other programs get to close a database that is to be replaced."""


def new_path(path: str) -> str:
    """Return the path at which to prepare the database that takes the place of the one at ``path``: no agent
    can have that name. What an earlier attempt left there is removed."""
    directory, name = os.path.split(path)
    new = os.path.join(directory, f".{name}{NEW}")
    for end in ("", *BESIDE):
        with suppress(FileNotFoundError):
            os.unlink(new + end)
    return new


def swap(path: str, new: str, kept: str) -> None:
    """Give the database at ``new`` the name ``path``, at once, and keep what was there, byte by byte, at
    ``kept``. At any moment ``path`` is the one or the other, whenever the process ends.

    No program may have the old one open, nor this process. Raises Conflict if another program has, or writes
    to it meanwhile, or if ``kept`` exists; NotWritable, DatabaseUnusable. Then nothing was changed.
    """
    check_path(path)
    with _locked(path) as descriptor:
        # To play back what a writer left half written changes the file.
        before = None if has_hot_journal(path) else _state_of(path)
        _keep(path, descriptor, kept)
    with _seized(path, before):
        try:
            os.rename(new, path)
        except OSError as error:
            raise NotWritable(f"{path}: cannot be replaced: {error.strerror}") from error
        flush_name(path)


@contextmanager
def _locked(path: str) -> Iterator[int]:
    """Hold SQLite's own locks, for a database that it may not be able to open; give the open file."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise NotWritable(f"{path}: cannot be replaced: {error.strerror}") from error
    try:
        region = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, _FIRST_LOCK_BYTE, _LOCK_BYTES, 0)
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLK, region)
        except OSError:
            raise _in_use(path) from None
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _seized(path: str, before: object) -> Iterator[None]:
    """Have the database alone, if it still is as it was ``before``, with what its log holds in its file: so
    that the file alone is the database.

    SQLite does that for one that it can read. Of any other one the log says nothing: it is removed.
    """
    with ExitStack() as held:
        if not _has_ended_log(path, before, held):
            held.enter_context(_locked(path))
            _require_unchanged(path, before)
        for end in BESIDE:
            with suppress(FileNotFoundError):
                os.unlink(path + end)
        yield


def _has_ended_log(path: str, before: object, held: ExitStack) -> bool:
    """Let SQLite lock the database while ``held`` is, and end its log; return False if it cannot read it."""
    try:
        # Without its key, an encrypted one is an error here: its log must not be taken for one of nothing.
        connection = connect_anyhow(path, FLAGS)
    except apsw.Error as error:
        raise translate_error(error, path) from error
    with ExitStack() as opened:
        opened.callback(connection.close, True)
        connection.set_busy_timeout(_SEIZE_TIMEOUT_MS)
        try:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchall()
            connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
            _require_unchanged(path, before)
            if connection.execute("PRAGMA journal_mode = DELETE").get != "delete":
                raise _in_use(path)
            connection.execute("BEGIN EXCLUSIVE")
        except (apsw.BusyError, apsw.LockedError):
            raise _in_use(path) from None
        except UNREADABLE:
            # Its log, as far as SQLite did not end it, must not be tried once more when it is closed.
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            return False
        held.push(opened.pop_all())
        return True


def _require_unchanged(path: str, before: object) -> None:
    if before is not None and _state_of(path) != before:
        raise _in_use(path)


def _keep(path: str, descriptor: int, kept: str) -> None:
    """Copy a database and what lies beside it: a log may hold the only good copy of a page."""
    if os.path.lexists(kept):
        raise Conflict(f"{kept}: exists already", hint="nothing was changed")
    directory, name = os.path.split(kept)
    for left in abandoned(directory):
        with suppress(OSError):
            os.unlink(left)
    # The database is the last one that gets its name: then all of it is there.
    for end in _KEPT:
        if status_of(path + end) is None:
            continue
        partial = os.path.join(directory, f".{name}{end}.{os.getpid()}{PARTIAL}")
        create_file(partial)
        # To close the database itself, even by another descriptor, would drop the locks on it.
        source = os.open(path + end, os.O_RDONLY | os.O_CLOEXEC) if end else descriptor
        try:
            _copy(source, partial)
            os.rename(partial, kept + end)
        except BaseException as error:
            with suppress(OSError):
                os.unlink(partial)
            if isinstance(error, OSError):
                raise NotWritable(f"{kept}: cannot be written: {error.strerror}") from error
            raise
        finally:
            if end:
                os.close(source)
    flush_name(kept)


def _copy(source: int, target: str) -> None:
    at = 0
    with open(target, "wb", buffering=0) as new:
        while block := os.pread(source, _BLOCK_BYTES, at):
            new.write(block)
            at += len(block)
        os.fsync(new.fileno())


def _state_of(path: str) -> list[object]:
    found: list[object] = []
    for file in (path, path + "-wal"):
        status = status_of(file)
        if status is None or not status.st_size:  # SQLite makes an empty log for itself
            found.append(None)
        else:
            found.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return found


def _in_use(path: str) -> Conflict:
    return Conflict(f"{path}: another program has it open", hint="end that first; nothing was changed")
