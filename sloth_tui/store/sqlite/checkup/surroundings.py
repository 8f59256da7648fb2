"""The file from outside: who may read it, what its disk has left, how long its log is."""

from __future__ import annotations

import os
import stat
import time

from sloth_tui.model import Check
from sloth_tui.text import format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGE_LOG_BYTES = 64 * 1024 * 1024
_OLD_LOG_SECONDS = 24 * 3600
_COPIES = 2
"""Times the size of the database that a backup and a repair may take at once."""
_LOCKS = "/proc/locks"


def checks(path: str) -> Iterator[Check]:
    yield _disk(path)
    yield _permissions(path)
    yield _log(path)


def _disk(path: str) -> Check:
    needed = _COPIES * sum(_size(path + end) for end in ("", "-wal"))
    disk = os.statvfs(os.path.dirname(path))
    free = disk.f_bavail * disk.f_frsize
    if disk.f_blocks and free < needed:
        return Check(
            "disk",
            "warning",
            f"{format_size(free)} free, and a backup or a repair may take {format_size(needed)}",
            "make room on that disk",
        )
    return Check("disk", "ok", f"{format_size(free)} free" if disk.f_blocks else "of unknown size", None)


def _permissions(path: str) -> Check:
    places = [path + end for end in ("-wal", "-shm", "") if os.path.lexists(path + end)]
    places.append(os.path.dirname(path))
    exposed = [place for place in places if stat.S_IMODE(os.lstat(place).st_mode) & 0o077]
    if not exposed:
        return Check("permissions", "ok", "only its owner may read it", None)
    from shlex import join

    return Check(
        "permissions",
        "warning",
        f"other users may get at {', '.join(exposed)}",
        join(["chmod", "go-rwx", *exposed]),
    )


def _log(path: str) -> Check:
    try:
        status = os.lstat(path + "-wal")
    except OSError:
        return Check("log", "ok", "there is none", None)
    size, age = status.st_size, time.time() - status.st_mtime
    text = f"{format_size(size)}, last written {format_duration(max(age, 0))} ago"
    if size > _LARGE_LOG_BYTES:
        return Check(
            "log", "warning", text, "a program that has read it for long keeps it from being ended: end that"
        )
    if size and age > _OLD_LOG_SECONDS and not _is_open(path):
        return Check(
            "log",
            "warning",
            f"{text}; no program has it open",
            "never delete it: the next command that writes takes it over",
        )
    return Check("log", "ok", text, None)


def _is_open(path: str) -> bool:
    """Return True if a program has the database open, as far as the system tells: each holds a lock on it."""
    status = os.stat(path)
    inode = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        with open(_LOCKS, encoding="ascii", errors="replace") as file:
            return any(inode in line.split() for line in file)
    except OSError:
        return True


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
