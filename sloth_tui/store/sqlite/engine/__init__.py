"""Connections to one database file: opening, consistent reads, transactions, errors, backups.

What every connection needs to know of the driver's exceptions is here. What they mean is in ``errors``, which
is imported when one is raised.
"""

from __future__ import annotations

import apsw

BUSY_SECONDS = 10.0
"""How long a handle waits for a locked database before it raises an error."""
UNREADABLE = (apsw.Error, UnicodeDecodeError)
"""Exceptions raised while a database is read. For text that is not UTF-8 the driver raises a Python error."""
SQLITE_MAGIC = b"SQLite format 3\0"
HEADER_BYTES = 100
MISFITS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, AssertionError)
"""Exceptions raised by the conversion of columns of a wrong type. Catch them only around such conversions."""


def read_header(path: str) -> bytes:
    """Return the first bytes of a file, read through SQLite's own file layer: opening and closing a database
    in any other way would drop the POSIX locks that this process holds on it. There, a file of one byte
    counts as empty."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_NOFOLLOW
    file = apsw.VFSFile("", path, [flags, 0])
    try:
        return file.xRead(min(HEADER_BYTES, file.xFileSize()), 0)
    finally:
        file.xClose()
