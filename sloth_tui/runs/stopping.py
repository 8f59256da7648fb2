"""Stop a run that another process keeps."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import Refused, SlothError
from sloth_tui.runs.folder import read_run
from sloth_tui.store.process import host_name, start_time

if TYPE_CHECKING:
    from sloth_tui.runs.model import Run

_BEGIN_SECONDS = 5.0
"""How long the process of a run may take to tell its pid."""
_APART_SECONDS = 0.4
"""Between two signals that are to be two requests."""


def stop(run: Run, path: str, *, kill: bool) -> bool:
    """Ask the process of a run to end it; return False if the run has ended. ``path`` is its folder.

    Raises Refused if it runs on another machine, SlothError if its process may not be signalled."""
    found = _begun(path)
    if found is None or not found.going:
        return False
    if found.host != host_name():
        raise Refused(f"run {run.id} goes on elsewhere, on {found.host}", hint="stop it there")
    for number in range(2 if kill else 1):
        if number:
            time.sleep(_APART_SECONDS)
        if not _signal(found):
            return number > 0
    return True


def _begun(path: str) -> Run | None:
    """Return the run, with the pid of its process."""
    deadline = time.monotonic() + _BEGIN_SECONDS
    while True:
        run = read_run(path)
        if run is None or not run.going or run.pid or time.monotonic() >= deadline:
            return run
        time.sleep(0.01)


def _signal(run: Run) -> bool:
    """Send a signal to the process, and to no other that has its pid by now."""
    try:
        handle = os.pidfd_open(run.pid) if hasattr(os, "pidfd_open") else -1
    except OSError:
        return False
    try:
        if start_time(run.pid) != run.start_time:
            return False
        if handle >= 0:
            signal.pidfd_send_signal(handle, signal.SIGINT)
        else:
            os.kill(run.pid, signal.SIGINT)
    except ProcessLookupError:
        return False
    except PermissionError as error:
        raise SlothError(f"run {run.id} cannot be stopped: process {run.pid} is another user's") from error
    finally:
        if handle >= 0:
            os.close(handle)
    return True
