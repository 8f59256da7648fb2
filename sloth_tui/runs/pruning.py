"""Remove runs that are not to be kept any more."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.runs.folder import EVENTS, RECORD, folder_of, is_locked, open_plain, remove, runs_directory
from sloth_tui.runs.model import is_id

if TYPE_CHECKING:
    from typing import TypeAlias

    from sloth_tui.settings import Settings

    Retention: TypeAlias = tuple[int, float, float]
    """How many runs are kept at most, for how many days, and in how many mebibytes on the disk together."""

NOTHING: Retention = (0, 0.0, 0.0)
_MEBIBYTE = 1024 * 1024
_DAY_SECONDS = 86_400.0
_UNFINISHED_SECONDS = 3600.0
"""A folder without a record is somebody's who makes it just now, unless it is as old as that."""
_AGAIN_SECONDS = 3600.0
"""Time between two looks at the age and the size of all runs, unless there are too many of them."""
_SPARE_SHARE = 20
"""If there are too many runs, one in so many goes as well: not every run has to look at all others."""
_MARK = ".pruned"
"""The file whose time is that of the last look."""


def retention_of(settings: Settings) -> Retention:
    """Return what the settings say."""
    return settings.keep_runs, settings.keep_runs_days, settings.keep_runs_size


def conclude(base: str, folder: str, retention: Retention) -> None:
    """Forget what is not to be kept, at the end of the run of this folder, whose lock is still held."""
    if not retention[0]:
        remove(folder)
    if _is_due(base, folder, retention[0]):
        prune(base, retention)


def prune(base: str, retention: Retention) -> int:
    """Remove the runs that are not to be kept, and return their number. None that goes on is removed, and the
    newest one only for its age, or if none is to be kept."""
    keep, days, mebibytes = retention
    found = sorted(_find(base), reverse=True)
    oldest = time.time() - days * _DAY_SECONDS
    room = mebibytes * _MEBIBYTE
    if len(found) > keep:
        keep -= keep // _SPARE_SHARE
    removed = 0
    for number, (at, name, size) in enumerate(found):
        room -= size
        surplus = number >= keep or at < oldest or (room < 0 and number > 0)
        if surplus and _may_go(folder_of(base, name), at):
            remove(folder_of(base, name))
            removed += 1
    if keep:
        _leave_mark(base)
    return removed


def remove_base(base: str) -> None:
    """Remove a temporary base directory, in which no run is left."""
    with suppress(OSError):
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(runs_directory(base), _MARK))
        os.rmdir(runs_directory(base))
        os.rmdir(base)


def _is_due(base: str, folder: str, keep: int) -> bool:
    """True unless there is certainly nothing to remove."""
    directory = runs_directory(base)
    try:
        if len(os.listdir(directory)) > keep + 1:  # the mark
            return True
        if os.stat(os.path.join(folder, EVENTS)).st_size > _MEBIBYTE:
            return True
        return abs(time.time() - os.stat(os.path.join(directory, _MARK)).st_mtime) > _AGAIN_SECONDS
    except OSError:
        return True


def _leave_mark(base: str) -> None:
    mark = os.path.join(runs_directory(base), _MARK)
    with suppress(OSError):
        try:
            os.utime(mark, follow_symlinks=False)
        except FileNotFoundError:
            os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _find(base: str) -> list[tuple[float, str, int]]:
    """Return the time of the last event, the id, and the bytes of each run."""
    directory = runs_directory(base)
    found = []
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    for name in names:
        if is_id(name):
            kept = _look_at(os.path.join(directory, name), name)
            if kept is not None:
                found.append(kept)
    return found


def _look_at(path: str, name: str) -> tuple[float, str, int] | None:
    try:
        events = os.lstat(os.path.join(path, EVENTS))
    except FileNotFoundError:
        try:
            folder = os.lstat(path)
        except OSError:
            return None
        return (folder.st_mtime, name, 0) if stat.S_ISDIR(folder.st_mode) else None
    except OSError:
        return None
    return events.st_mtime, name, events.st_size


def _may_go(path: str, at: float) -> bool:
    """True unless the run goes on or is about to begin, or the path is but a link."""
    if os.path.islink(path):
        return False
    try:
        descriptor = open_plain(os.path.join(path, RECORD))
    except OSError:
        return time.time() - at > _UNFINISHED_SECONDS
    try:
        if not os.fstat(descriptor).st_size and time.time() - at <= _UNFINISHED_SECONDS:
            return False  # even to ask for its lock would be in the way of who makes it
        return not is_locked(descriptor)
    finally:
        os.close(descriptor)
