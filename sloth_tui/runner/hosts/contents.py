"""The content that a file is wanted to have: from memory, or from a file of this machine."""

from __future__ import annotations

import hashlib
import io
import os
import stat
from typing import TYPE_CHECKING

from sloth_tui.documents.reading import open_regular, regular_descriptor, require_regular

if TYPE_CHECKING:
    from typing import BinaryIO

_CHUNK = 1 << 18


class Bytes:
    """Content that is in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self._sha256 = ""

    @property
    def sha256(self) -> str:
        if not self._sha256:
            self._sha256 = hashlib.sha256(self.data).hexdigest()
        return self._sha256

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


class LocalFile:
    """The content of a file, of any size."""

    def __init__(self, path: str) -> None:
        """Raises UsageError if it is no regular file, OSError."""
        self.path = path
        status = os.stat(path)
        require_regular(path, status.st_mode)
        self.size = status.st_size
        self.mode = stat.S_IMODE(status.st_mode)
        self._sha256 = ""

    @property
    def sha256(self) -> str:
        """Raises UsageError, OSError."""
        if not self._sha256:
            self._sha256 = checksum_of(self.path)
        return self._sha256

    def open(self) -> BinaryIO:
        return open_regular(self.path)


def checksum_of(path: str) -> str:
    """Return the SHA-256 of a regular file in hex. Raises UsageError, OSError."""
    # Without a file object and its buffer: most files are small, and these would take longer than the rest.
    descriptor = regular_descriptor(path)
    try:
        digest = hashlib.sha256()
        while chunk := os.read(descriptor, _CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        os.close(descriptor)
