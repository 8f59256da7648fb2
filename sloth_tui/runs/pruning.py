"""Remove runs that are not to be kept any more."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.runs.folder import EVENTS, RECORD, folder_of, is_locked, open_plain, remove, runs_directory
from sloth_tui.runs.model import is_id

if TYPE_CHECKING:
    from sloth_tui.settings import Settings

_MEBIBYTE = 1024 * 1024
_DAY_SECONDS = 86_400.0
_UNFINISHED_SECONDS = 3600.0
"""A folder without a record is somebody's who makes it just now, unless it is as old as that."""


class Retention(NamedTuple):
    """What is kept of the runs that have ended."""

    runs: int = 200
    days: float = 30.0
    mebibytes: float = 1024.0
    """How much the newest ones may take on the disk together."""


def retention_of(settings: Settings) -> Retention:
    """Return what the settings say."""
    return Retention(settings.keep_runs, settings.keep_runs_days, settings.keep_runs_size)


class _Kept(NamedTuple):
    at: float
    """When its last event came."""
    name: str
    size: int


def conclude(base: str, folder: str, retention: Retention) -> None:
    """Forget what is not to be kept, at the end of the run of this folder, whose lock is still held."""
    if retention.runs == 0:
        remove(folder)
    prune(base, retention)


def prune(base: str, retention: Retention) -> int:
    """Remove the runs that are not to be kept, and return their number. None that goes on is removed, and the
    newest one only for its age, or if none is to be kept."""
    found = sorted(_find(base), reverse=True)
    oldest = time.time() - retention.days * _DAY_SECONDS
    room = retention.mebibytes * _MEBIBYTE
    removed = 0
    for number, run in enumerate(found):
        room -= run.size
        surplus = number >= retention.runs or run.at < oldest or (room < 0 and number > 0)
        if surplus and _may_go(folder_of(base, run.name), run.at):
            remove(folder_of(base, run.name))
            removed += 1
    return removed


def remove_base(base: str) -> None:
    """Remove a temporary base directory, in which no run is left."""
    with suppress(OSError):
        os.rmdir(runs_directory(base))
        os.rmdir(base)


def _find(base: str) -> list[_Kept]:
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


def _look_at(path: str, name: str) -> _Kept | None:
    try:
        events = os.lstat(os.path.join(path, EVENTS))
    except FileNotFoundError:
        try:
            folder = os.lstat(path)
        except OSError:
            return None
        return _Kept(folder.st_mtime, name, 0) if stat.S_ISDIR(folder.st_mode) else None
    except OSError:
        return None
    return _Kept(events.st_mtime, name, events.st_size)


def _may_go(path: str, at: float) -> bool:
    """True unless the run goes on, or is about to begin."""
    try:
        descriptor = open_plain(os.path.join(path, RECORD))
    except OSError:
        return time.time() - at > _UNFINISHED_SECONDS
    try:
        return not is_locked(descriptor) and (
            os.fstat(descriptor).st_size > 0 or time.time() - at > _UNFINISHED_SECONDS
        )
    finally:
        os.close(descriptor)
