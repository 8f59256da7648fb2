"""What SQLite's errors mean to a user: the one place where a driver's exceptions become ours."""

from __future__ import annotations

import os

import apsw

from sloth_tui import shortage
from sloth_tui.errors import DatabaseUnusable, Interrupted, InvalidValue, NotWritable, SlothError

BUSY_SECONDS = 10.0
"""How long a handle waits for others before it gives up."""

_WRITES = (
    apsw.SQLITE_IOERR_WRITE,
    apsw.SQLITE_IOERR_FSYNC,
    apsw.SQLITE_IOERR_DIR_FSYNC,
    apsw.SQLITE_IOERR_TRUNCATE,
    apsw.SQLITE_IOERR_SHMSIZE,
    apsw.SQLITE_IOERR_SHMOPEN,
)
_INTERRUPTED = "expected 0 columns for ''"
"""What SQLite says, up to 3.54 at least, of an interrupt while it compiles a window function."""


UNREADABLE = (apsw.Error, UnicodeDecodeError)
"""What to read a database raises. The driver's way to say that text is no UTF-8 is no error of SQLite's."""
MISFITS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, AssertionError)
"""What making our values of columns of the wrong kind raises. To be caught around nothing else."""

_NO_ROOM = "nothing was written; to delete takes room, too: make some by other means first, then compact"


def translate(error: Exception, location: str, *, reading: bool = False) -> SlothError:
    """The error to raise instead of ``error``, one of UNREADABLE or MISFITS, which happened to the database
    at ``location``. ``reading``: to who wanted to write nothing."""
    if not isinstance(error, apsw.Error):
        return damaged(location, "content of a wrong kind")
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return DatabaseUnusable(
            f"{location}: busy for {BUSY_SECONDS:g} s",
            hint="another process keeps it locked; try again later",
        )
    if isinstance(error, apsw.NoMemError):
        return SlothError(shortage.out_of_memory())
    # What SQLite cannot open it calls read-only or an I/O error, too.
    if isinstance(error, apsw.CantOpenError | apsw.ReadOnlyError | apsw.IOError) and shortage.lacks_files():
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
        return not_a_database(location)
    if isinstance(error, apsw.CorruptError):
        return damaged(location, str(error))
    if isinstance(error, apsw.CantOpenError):
        return DatabaseUnusable(f"{location}: cannot be opened", hint="check its permissions")
    return DatabaseUnusable(f"{location}: {error}")


def read_only(location: str) -> NotWritable:
    return NotWritable(f"{location}: read-only")


def not_a_database(location: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{location}: not a SQLite database", hint="it was left as it is")


def damaged(location: str, how: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{location}: damaged ({how})", hint="restore it from a backup")


def unreadable(location: str, hint: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{location}: cannot be read", hint=hint)


def no_room(error: Exception, location: str) -> bool:
    """Whether an error comes of a disk without room, as far as can be told."""
    if isinstance(error, apsw.FullError) or _wrote(error):
        return not isinstance(error, apsw.ReadOnlyError)
    try:
        disk = os.statvfs(os.path.dirname(location))
    except OSError:
        return False
    # Some file systems do not count what they hold: they say 0 of 0.
    return not disk.f_bavail or bool(disk.f_files and not disk.f_favail)


def _wrote(error: Exception) -> bool:
    """Whether it was a write that failed: not for want of right, but for want of room, or of a device."""
    # Set by the driver, not in its type stubs.
    return isinstance(error, apsw.FullError) or getattr(error, "extendedresult", 0) in _WRITES


def _io_error(error: apsw.Error, location: str) -> SlothError:
    """A write that fails below SQLite (quota, file size limit, a device gone) is no damage yet."""
    if _wrote(error):
        hint = f"disk full, quota or device error; {_NO_ROOM}"
        return NotWritable(f"{location}: cannot be written", hint=hint)
    return DatabaseUnusable(f"{location}: {error}")
