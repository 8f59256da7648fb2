"""Flush files and directories, so that they survive a power cut."""

from __future__ import annotations

import os
from contextlib import suppress


def flush(path: str) -> None:
    """Flush the content of a file to the disk. Raises OSError."""
    _flush(path, os.O_RDONLY | os.O_CLOEXEC)


def flush_directory(path: str) -> None:
    """Flush a directory, here if ``path`` is empty: the names of its files survive as well. Raises OSError;
    some file systems cannot."""
    _flush(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def flush_name(path: str) -> None:
    """Flush the directory of a file, so that its name survives, where the file system can do that."""
    with suppress(OSError):
        flush_directory(os.path.dirname(path))


def _flush(path: str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
