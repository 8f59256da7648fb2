"""Files that somebody else wrote: regular ones, and no more of them than fits."""

from __future__ import annotations

import os
import stat

from sloth_tui.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import io


def open_regular(path: str) -> io.BufferedReader:
    """A regular file to read. Raises UsageError for anything else, and OSError.

    Not blocking: a named pipe without a writer would be waited for without end.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise UsageError(f"'{path}' is {'a directory' if stat.S_ISDIR(mode) else 'no regular file'}")
    return open(descriptor, "rb")


def read_regular(path: str, largest: int) -> bytes:
    """All of a regular file of at most ``largest`` bytes. Raises UsageError, OSError."""
    with open_regular(path) as file:
        data = file.read(largest + 1)
    if len(data) > largest:
        from sloth_tui.text import format_size

        raise UsageError(f"'{path}' is larger than {format_size(largest)}")
    return data
