"""Whether a path still leads to the file that was opened.

Looking at an open file is half as dear as looking for it by its path, which would be a twentieth of a write.
What removes, replaces or renames a file changes its number of links or its time of change; that a directory
above it was renamed is seen only by looking for it, which is done now and then.
"""

from __future__ import annotations

import os
import time

_LOOK_AGAIN = 0.05
"""Seconds between two looks along the path, where the file itself shows no sign."""

# Closing such a descriptor, unlike any other, does not give up the locks that SQLite has on the file.
_ONLY_THE_PLACE = getattr(os, "O_PATH", None)


class Place:
    """Where a file was when this was made."""

    __slots__ = ("_descriptor", "_file", "_looked_at", "_path", "_signs")

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = _identity(path)
        self._descriptor = -1
        self._signs: object = None
        self._looked_at = 0.0

    def is_same(self) -> bool:
        """Whether the path leads there now, or as it then did to nothing."""
        if self._descriptor < 0 and not self._open():
            return _identity(self._path) == self._file
        status = os.fstat(self._descriptor)
        signs = (status.st_nlink, status.st_ctime_ns)
        now = time.monotonic()
        if signs == self._signs and now - self._looked_at < _LOOK_AGAIN:
            return True
        if _identity(self._path) != self._file:
            return False
        self._signs, self._looked_at = signs, now
        return True

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> bool:
        if _ONLY_THE_PLACE is None or self._file is None:
            return False
        try:
            descriptor = os.open(self._path, _ONLY_THE_PLACE | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) != self._file:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
