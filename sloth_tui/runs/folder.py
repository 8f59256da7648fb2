"""The folder of one run: ``run.json`` says what it is, ``events.jsonl`` holds its events.

The process that keeps a run holds a lock on ``run.json``. The system takes the lock away when the process
ends, however that happens, so that a run whose record says that it goes on, and whose lock is free, was lost.

``run.json`` is changed in place, by one write of the same length: that needs no space on a disk that is full.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.runs.model import GOING, Run, as_lost, is_id

if TYPE_CHECKING:
    from typing import Any

RECORD, EVENTS = "run.json", "events.jsonl"
_SPARE_BYTES = 2048
"""Room in the record for what is not known at the start."""
_MAX_RECORD_BYTES = 4 * 1024 * 1024
_LONGEST_TEXT = 1500
"""Characters of an error and of a hint in the record, which then fit into the room for them."""
_ATTEMPTS, _PAUSE_SECONDS = 3, 0.001
"""To read a record that may be written at the same moment."""
_LAST_TIME = 1e11
"""No run has a later time, in unix seconds."""
_LAST_PID = 2**31 - 1
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class RunFolder:
    """The open folder of a run that goes on, with the lock that says so."""

    def __init__(self, events: int, record: int, path: str) -> None:
        """``events`` and ``record`` are descriptors of its files; ``record`` has the lock."""
        self.events = events
        self.record = record
        self.path = path

    @classmethod
    def create(cls, base: str, run: Run) -> RunFolder:
        """Make the folder of a run. Raises OSError."""
        path = folder_of(base, run.id)
        _make_directories(path)
        descriptors: list[int] = []
        try:
            for name, mode in ((EVENTS, os.O_WRONLY | os.O_APPEND), (RECORD, os.O_RDWR)):
                flags = mode | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                descriptors.append(os.open(os.path.join(path, name), flags, 0o600))
            folder = cls(descriptors[0], descriptors[1], path)
            fcntl.flock(folder.record, fcntl.LOCK_EX | fcntl.LOCK_NB)
            folder.write(run, spare=_SPARE_BYTES)
        except OSError:
            for descriptor in descriptors:
                os.close(descriptor)
            remove(path)
            raise
        return folder

    def write(self, run: Run, spare: int = 0) -> None:
        """Replace what the record says. Raises OSError."""
        fields = run._asdict()
        for name in ("error", "hint"):
            if fields[name] is not None:
                fields[name] = fields[name][:_LONGEST_TEXT]
        data = _encode(fields).encode("utf-8", "backslashreplace")
        size = max(os.fstat(self.record).st_size, len(data) + spare + 1)
        data = data.ljust(size - 1) + b"\n"
        written = os.pwrite(self.record, data, 0)
        if written < len(data):
            os.pwrite(self.record, data[written:], written)

    def is_there(self) -> bool:
        """Return False if the folder was removed meanwhile."""
        try:
            return os.path.samestat(os.fstat(self.record), os.stat(os.path.join(self.path, RECORD)))
        except OSError:
            return False

    def close(self) -> None:
        """Give up the lock: the run is over."""
        os.close(self.events)
        os.close(self.record)


def runs_directory(base: str) -> str:
    return os.path.join(base, "runs")


def folder_of(base: str, run: str) -> str:
    """Return the path of the folder of a run."""
    return os.path.join(base, "runs", run)


def read_run(path: str) -> Run | None:
    """Return what the folder says of its run; None if it is no folder of a run, or one that is being made or
    removed just now, or damaged."""
    try:
        descriptor = open_plain(os.path.join(path, RECORD))
    except OSError:
        return None
    try:
        run = _read(descriptor, os.path.basename(path))
        if run is None or not run.going or is_locked(descriptor):
            return run
        # It may have ended since it was read.
        run = _read(descriptor, run.id)
        return run if run is None or not run.going else _lost(run, path)
    finally:
        os.close(descriptor)


def is_locked(record: int) -> bool:
    """True if a process keeps the run with this open record."""
    try:
        fcntl.flock(record, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(record, fcntl.LOCK_UN)
    return False


def open_plain(path: str) -> int:
    """Open a regular file, and nothing else, to read. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(path)
    return descriptor


def remove(path: str) -> None:
    """Remove the folder of a run; files that are not ours stay, and the folder with them. A link stays, with
    all that it leads to."""
    if os.path.islink(path):
        return
    with suppress(OSError):
        for name in (EVENTS, RECORD):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(path, name))
        os.rmdir(path)


def _lost(run: Run, path: str) -> Run:
    ended = run.started
    with suppress(OSError):
        ended = os.stat(os.path.join(path, EVENTS)).st_mtime
    return as_lost(run, ended)


def _read(descriptor: int, name: str) -> Run | None:
    for _ in range(_ATTEMPTS):
        try:
            fields = json.loads(os.pread(descriptor, _MAX_RECORD_BYTES, 0))
        except (OSError, ValueError, RecursionError):
            time.sleep(_PAUSE_SECONDS)
            continue
        return _checked(fields, name) if isinstance(fields, dict) else None
    return None


def _checked(fields: dict[str, Any], name: str) -> Run | None:
    """Return the run with these fields; None if one has another type than it must have."""
    known = {field: fields[field] for field in Run._fields if field in fields}
    tasks = known.get("tasks")
    if not isinstance(tasks, list) or not all(isinstance(task, str) for task in tasks):
        return None
    known["tasks"] = tuple(tasks)
    if len(known) < len(Run._fields) - len(Run._field_defaults):
        return None
    try:
        run = Run(**known)
    except TypeError:
        return None
    whole = (run.changed, run.keys, run.missing, run.pid)
    right = (
        run.id == name
        and is_id(run.id)
        and all(isinstance(text, str) for text in _texts(run))
        and all(text is None or isinstance(text, str) for text in (run.store, run.error, run.hint))
        and all(isinstance(flag, bool) for flag in (run.check, run.would_change))
        and all(type(number) is int for number in whole)
        and 0 <= run.pid <= _LAST_PID
        and (run.exit_code is None or type(run.exit_code) is int)
        and _is_time(run.started)
        and (run.ended is None or _is_time(run.ended))
        and (run.ended is None) == (run.result == GOING)
    )
    return run if right else None


def _is_time(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value < _LAST_TIME  # type: ignore[operator]


def _texts(run: Run) -> tuple[object, ...]:
    return run.id, run.file, run.agent, run.title, run.command_line, run.directory, run.result, run.host


def _make_directories(path: str) -> None:
    """Make a directory, and those above it that are missing, for this user alone. Raises OSError."""
    try:
        os.mkdir(path, 0o700)
    except FileNotFoundError:
        _make_directories(os.path.dirname(path))
        with suppress(FileExistsError):
            os.mkdir(path, 0o700)
