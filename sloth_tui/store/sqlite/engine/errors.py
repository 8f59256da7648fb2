"""Translate SQLite's errors: the only place where the driver's exceptions become our own."""

from __future__ import annotations

import os

import apsw

from sloth_tui import shortage
from sloth_tui.errors import (
    DatabaseDamaged,
    DatabaseUnusable,
    Interrupted,
    InvalidValue,
    NotWritable,
    SlothError,
)
from sloth_tui.store.sqlite.engine import BUSY_SECONDS, UNREADABLE, read_header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_WRITES = (
    apsw.SQLITE_IOERR_WRITE,
    apsw.SQLITE_IOERR_FSYNC,
    apsw.SQLITE_IOERR_DIR_FSYNC,
    apsw.SQLITE_IOERR_TRUNCATE,
    apsw.SQLITE_IOERR_SHMSIZE,
    apsw.SQLITE_IOERR_SHMOPEN,
)
_INTERRUPTED = "expected 0 columns for ''"
"""SQLite's message, up to 3.54 at least, for an interrupt while it compiles a window function."""

DOCTOR = "state doctor examines it, and with --repair rescues what can be read; or state restore a backup"
"""The hint of every error about a damaged database."""
_NO_ROOM = "nothing was written; to delete takes room, too: make some by other means first, then compact"


def translate_error(error: Exception, location: str, *, reading: bool = False) -> SlothError:
    """Return the error to raise instead of ``error``, one of UNREADABLE or MISFITS, for the database at
    ``location``. ``reading``: True if the caller did not write."""
    if not isinstance(error, apsw.Error):
        return damaged(location, "content of a wrong kind")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return DatabaseUnusable(
            f"{location}: busy for {BUSY_SECONDS:g} s",
            hint="another process keeps it locked; try again later",
        )
    if isinstance(error, apsw.NoMemError):
        return SlothError(shortage.out_of_memory())
    # SQLite may report a file it cannot open as read-only or as an I/O error.
    if (
        isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.IOError)
        and shortage.is_out_of_files()
    ):
        return SlothError(shortage.too_many_files())
    if reading and (_wrote(error) or isinstance(error, apsw.ReadOnlyError)):
        return unreadable(location, "check its permissions, and that its disk has room: some reads take some")
    if isinstance(error, apsw.ReadOnlyError | apsw.PermissionsError | apsw.AuthError):
        return read_only(location)
    if isinstance(error, apsw.FullError):
        return NotWritable(f"{location}: the disk is full", hint=_NO_ROOM)
    if isinstance(error, apsw.IOError):
        return _io_error(error, location)
    if isinstance(error, apsw.InterruptError) or str(error).startswith(_INTERRUPTED):
        return Interrupted()
    if isinstance(error, apsw.TooBigError):
        return InvalidValue("the value is too large")
    return _unusable(error, location)


def _unusable(error: apsw.Error, location: str) -> DatabaseUnusable:
    if isinstance(error, apsw.NotADBError):
        return _no_database(location)
    text = " ".join(str(error).split())  # it may quote a statement of many lines
    if isinstance(error, apsw.CorruptError):
        return damaged(location, text)
    if isinstance(error, apsw.CantOpenError):
        return DatabaseUnusable(f"{location}: cannot be opened", hint="check its permissions")
    return DatabaseUnusable(f"{location}: {text}")


def _no_database(location: str) -> DatabaseUnusable:
    """Return the error for a file that SQLite takes for none of its own: an encrypted one, with the key that
    its mark names, is damaged."""
    from sloth_tui.store.sqlite.keys import held, id_of, key_id_in

    try:
        key_id = key_id_in(read_header(location))
    except apsw.Error:
        key_id = None
    if key_id is None:
        return not_a_database(location)
    key = held().get(key_id)
    if key is not None and id_of(key) != key_id:
        return DatabaseUnusable(
            f"{location}: encrypted, and what its key file calls {key_id} is another key ({id_of(key)})",
            hint="put the key file back as it was",
        )
    return damaged(location, "its first page is not as it was written with its key")


class TranslatedErrors:
    """A ``with`` block that turns the driver's errors into our own."""

    __slots__ = ("_location", "_told")

    def __init__(self, location: str, told: Callable[[SlothError], SlothError] = lambda error: error) -> None:
        """``told``: see :class:`sloth_tui.store.sqlite.engine.connection.OpenDatabase`."""
        self._location = location
        self._told = told

    def __enter__(self) -> None:
        return

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, UNREADABLE):
            raise self._told(translate_error(error, self._location)) from error


def read_only(location: str) -> NotWritable:
    return NotWritable(f"{location}: read-only")


def not_a_database(location: str) -> DatabaseDamaged:
    from sloth_tui.store.sqlite.keys.key_file import default_path

    # An encrypted database whose beginning is lost looks like anything else.
    if os.path.lexists(default_path(os.path.basename(location).removesuffix(".db"))):
        return damaged(location, "its beginning is lost: there is a key for it, and it does not tell which")
    return DatabaseDamaged(
        f"{location}: not a SQLite database",
        hint="it was left as it is; if it was one, state doctor says what can be done",
    )


def damaged(location: str, how: str) -> DatabaseDamaged:
    return DatabaseDamaged(f"{location}: damaged ({how})", hint=DOCTOR)


def unreadable(location: str, hint: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{location}: cannot be read", hint=hint)


def no_room(error: Exception, location: str) -> bool:
    """Return True if an error is known to come from a full disk."""
    if isinstance(error, apsw.FullError) or _wrote(error):
        return not isinstance(error, apsw.ReadOnlyError)
    try:
        disk = os.statvfs(os.path.dirname(location))
    except OSError:
        return False
    # Some file systems do not report their size: they give 0 of 0.
    return not disk.f_bavail or bool(disk.f_files and not disk.f_favail)


def _wrote(error: Exception) -> bool:
    """Return True if a write failed for lack of space or because of the device, not of permissions."""
    # Set by the driver, not in its type stubs.
    return isinstance(error, apsw.FullError) or getattr(error, "extendedresult", 0) in _WRITES


def _io_error(error: apsw.Error, location: str) -> SlothError:
    """Return the error for an I/O error. A failed write (quota, file size limit, device gone) is not yet
    damage."""
    if _wrote(error):
        limit = shortage.too_large_files()
        cause = f"disk full, quota or device error; {_NO_ROOM}"
        hint = cause if limit is None else f"{limit}; nothing was written"
        return NotWritable(f"{location}: cannot be written", hint=hint)
    return DatabaseUnusable(f"{location}: {error}")
