"""Read files by other programs: only regular files, of limited size."""

from __future__ import annotations

import os
import stat

from sloth_tui.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import io


def open_regular(path: str) -> io.BufferedReader:
    """Open a regular file for reading. Raises UsageError for anything else, and OSError."""
    return open(regular_descriptor(path), "rb")


def regular_descriptor(path: str) -> int:
    """Open a regular file for reading, and return its descriptor. Raises UsageError for anything else, and
    OSError.

    Opens without blocking: otherwise a named pipe without a writer would block for ever.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        require_regular(path, os.fstat(descriptor).st_mode)
    except UsageError:
        os.close(descriptor)
        raise
    return descriptor


def require_regular(path: str, mode: int) -> None:
    """Raise UsageError unless this is the mode of a regular file."""
    if not stat.S_ISREG(mode):
        raise UsageError(f"'{path}' is {'a directory' if stat.S_ISDIR(mode) else 'not a regular file'}")


def read_regular(path: str, largest: int) -> bytes:
    """Return the content of a regular file of at most ``largest`` bytes. Raises UsageError, OSError."""
    with open_regular(path) as file:
        data = file.read(largest + 1)
    if len(data) > largest:
        from sloth_tui.text import format_size

        raise UsageError(f"'{path}' is larger than {format_size(largest)}")
    return data
