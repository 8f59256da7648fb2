"""What SQLite's errors mean to a user: the one place where a driver's exceptions become ours."""

from __future__ import annotations

import apsw

from sloth_tui import shortage
from sloth_tui.errors import DatabaseUnusable, Interrupted, InvalidValue, NotWritable, SlothError

BUSY_SECONDS = 10.0
"""How long a handle waits for others before it gives up."""

_INTERRUPTED = "expected 0 columns for ''"
"""What SQLite says, up to 3.54 at least, of an interrupt while it compiles a window function."""


def translate(error: apsw.Error, location: str) -> SlothError:
    """The error to raise instead of ``error``, which happened to the database at ``location``."""
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
    if isinstance(error, apsw.ReadOnlyError | apsw.PermissionsError | apsw.AuthError):
        return read_only(location)
    if isinstance(error, apsw.FullError):
        return NotWritable(f"{location}: the disk is full", hint="nothing was written")
    if isinstance(error, apsw.IOError):
        return _io_error(error, location)
    if isinstance(error, apsw.NotADBError):
        return not_a_database(location)
    if isinstance(error, apsw.CorruptError):
        return DatabaseUnusable(f"{location}: damaged ({error})", hint="restore it from a backup")
    if isinstance(error, apsw.CantOpenError):
        return DatabaseUnusable(f"{location}: cannot be opened", hint="check its permissions")
    if isinstance(error, apsw.InterruptError) or str(error).startswith(_INTERRUPTED):
        return Interrupted()
    if isinstance(error, apsw.TooBigError):
        return InvalidValue("the value is too large")
    return DatabaseUnusable(f"{location}: {error}")


def read_only(location: str) -> NotWritable:
    return NotWritable(f"{location}: read-only")


def not_a_database(location: str) -> DatabaseUnusable:
    return DatabaseUnusable(f"{location}: not a SQLite database", hint="it was left as it is")


def _io_error(error: apsw.Error, location: str) -> SlothError:
    """A write that fails below SQLite (quota, file size limit, a device gone) is no damage yet."""
    writing = (
        apsw.SQLITE_IOERR_WRITE,
        apsw.SQLITE_IOERR_FSYNC,
        apsw.SQLITE_IOERR_DIR_FSYNC,
        apsw.SQLITE_IOERR_TRUNCATE,
        apsw.SQLITE_IOERR_SHMSIZE,
    )
    if getattr(error, "extendedresult", 0) in writing:  # set by the driver, not in its type stubs
        return NotWritable(
            f"{location}: cannot be written", hint="disk full, quota or device error; nothing was written"
        )
    return DatabaseUnusable(f"{location}: {error}")
