"""Stop a run that another process keeps."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.errors import Refused
from sloth_tui.runs.folder import RECORD, is_locked, open_plain, read_run

if TYPE_CHECKING:
    from sloth_tui.runs.model import Run

_BEGIN_SECONDS = 5.0
"""How long the process of a run may take to tell its pid."""
_POLL_SECONDS = 0.01
_APART_SECONDS = 0.4
"""Between two signals that are to be two requests."""
_REQUESTS = 100
"""To kill, at most."""


def stop(path: str, *, kill: bool, wait: bool) -> bool:
    """Ask the process of the run of this folder to end it; return False if the run has ended. ``wait``:
    return when it has ended.

    Raises Refused if its process is elsewhere, or may not be signalled."""
    try:
        record = open_plain(os.path.join(path, RECORD))
    except OSError:
        return False
    try:
        asked = _ask(path, record, kill=kill)
        # Its lock tells, not what can be read: the folder may be removed before the run has ended.
        while asked and wait and is_locked(record):
            time.sleep(_POLL_SECONDS)
        return asked
    finally:
        os.close(record)


def _ask(path: str, record: int, *, kill: bool) -> bool:
    found = _begun(path)
    if found is None or not found.going:
        return False
    if not _signal(found, record):
        if _has_ended(path, record):
            return False
        raise _out_of_reach(found)
    # Signals that come while an earlier one waits are lost: the second request is made until it is heard.
    for _ in range(_REQUESTS if kill else 0):
        time.sleep(_APART_SECONDS)
        if _has_ended(path, record):
            break
        _signal(found, record)
    return True


def _has_ended(path: str, record: int) -> bool:
    run = read_run(path)  # None if its folder was removed
    return not is_locked(record) or (run is not None and not run.going)


def _out_of_reach(run: Run) -> Refused:
    return Refused(
        f"run {run.id} goes on where this process cannot reach it: process {run.pid} on {run.host}",
        hint="stop it there: on that machine, or in that container",
    )


def _begun(path: str) -> Run | None:
    """Return the run, with the pid of its process."""
    deadline = time.monotonic() + _BEGIN_SECONDS
    while True:
        run = read_run(path)
        if run is None or not run.going or run.pid or time.monotonic() >= deadline:
            return run
        time.sleep(_POLL_SECONDS)


def _signal(run: Run, record: int) -> bool:
    """Send a signal to the process, and to no other that has its pid by now."""
    try:
        if run.pid <= 0:  # kill(2) would address a whole group
            return False
        handle = os.pidfd_open(run.pid) if hasattr(os, "pidfd_open") else -1
    except OSError:
        return False
    try:
        if not _has_open(run.pid, os.fstat(record)):
            return False
        if handle >= 0:
            signal.pidfd_send_signal(handle, signal.SIGINT)
        else:
            os.kill(run.pid, signal.SIGINT)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise Refused(f"run {run.id} cannot be stopped: process {run.pid} is another user's") from error
    finally:
        if handle >= 0:
            os.close(handle)
    return True


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    """True if a process has this file open; also where the system does not tell. Raises PermissionError."""
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(f"/proc/{pid}/fd/{name}"), wanted):
                    return True
    except FileNotFoundError:
        return not os.path.exists("/proc/self/fd")
    return False
