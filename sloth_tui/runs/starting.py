"""Start a run in a process of its own, which keeps it even when this one ends, if it is told to."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.agents import base_directory
from sloth_tui.errors import SlothError, UsageError
from sloth_tui.runner.supervision.supervisor import new_run_id
from sloth_tui.runs import keeper
from sloth_tui.runs.command_line import masked, quoted
from sloth_tui.runs.event_file import EventFile
from sloth_tui.runs.folder import RunFolder, folder_of, remove, runs_directory
from sloth_tui.runs.model import Run, new_run
from sloth_tui.runs.orders import Order, encode_order
from sloth_tui.runs.pruning import NOTHING, remove_base, retention_of
from sloth_tui.store import FILES, STORE_VARIABLE, chosen_store, hide_keys

if TYPE_CHECKING:
    from sloth_tui.runner.request import RunRequest
    from sloth_tui.settings import Settings

_START = "import sys; sys.path = sys.argv[1:]; from sloth_tui.runs.keeper import main; main()"
_POLL_SECONDS = 0.01
_FIRST_FREE = 10
"""The lowest number of a descriptor that no descriptor of the keeper has."""


class StartedRun:
    """A run that this process has started. It is stopped when this process ends, unless :meth:`leave` was
    called.

    Not for use by several threads at the same time.
    """

    def __init__(
        self, run: Run, pid: int, requests: int, events: EventFile, problem: str | None, temporary: str | None
    ) -> None:
        """``temporary``: the base directory of its record, if that is removed when the run ends."""
        self.run = run
        """What is known of the run at its start."""
        self.events = events
        """Its event lines. They can be read even if the record is not kept."""
        self.problem = problem
        """Why the run will not be found among those that are kept; None if it will."""
        self._pid = pid
        self._requests = requests
        self._temporary = temporary
        self._ended = False

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def ended(self) -> bool:
        """True if the process that keeps the run is gone."""
        if not self._ended:
            try:
                self._ended = os.waitpid(self._pid, os.WNOHANG)[0] != 0
            except ChildProcessError:  # other code of this process reaps all children
                self._ended = True
        return self._ended

    def stop(self) -> None:
        """Ask the run to end. Commands have its grace for that; a second call kills them."""
        self._request(keeper.STOP)

    def kill(self) -> None:
        """End the run with its commands, at once."""
        self._request(keeper.KILL)

    def leave(self) -> None:
        """Let the run go on when this process ends. It cannot be stopped from here any more."""
        self._request(keeper.LEAVE)

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the run, at most so long; return True if it has ended."""
        deadline = time.monotonic() + seconds
        while not self.ended and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        return self.ended

    def close(self) -> None:
        """Close what is open of it. A run that goes on is stopped, unless it was left."""
        if self._requests >= 0:
            os.close(self._requests)
            self._requests = -1
        self.events.close()
        if self._temporary is not None and self.ended:  # its process removes it, unless it was killed
            remove(folder_of(self._temporary, self.id))
            remove_base(self._temporary)

    def _request(self, request: bytes) -> None:
        if self._requests >= 0:
            with suppress(OSError):  # it has ended
                os.write(self._requests, request)


def start(
    request: RunRequest,
    *,
    keys: bytes = b"",
    command_line: str = "",
    settings: Settings,
    base: str | None = None,
) -> StartedRun:
    """Start a run. ``keys`` are those of :func:`sloth_tui.store.worker_keys.keys_for_worker`;
    ``command_line`` is the command that does the same, without secrets. Raises SlothError if no process can
    be started.

    If the base directory cannot be written, the record is made in a temporary directory, and removed when the
    run ends."""
    hide_keys()
    store = chosen_store()
    if keys:
        command_line = _without_values(command_line)
    run = new_run(request, new_run_id(), store, command_line)
    retention = retention_of(settings)
    folder, base, problem = _make_folder(base, run)
    temporary = problem is not None
    if temporary:
        retention = NOTHING
    request = request._replace(redraws=True)  # who follows it may show them
    order = Order(request, run, keys, folder.path, settings.secret_segments, base, retention, temporary)
    try:
        pid, requests, events = _begin(folder, store or FILES)
    except OSError as error:
        remove(folder.path)
        if temporary:
            remove_base(base)
        raise SlothError(f"cannot start the run: {error.strerror}") from error
    finally:
        folder.close()
    _send(requests, encode_order(order))
    return StartedRun(run, pid, requests, events, problem, base if temporary else None)


def _without_values(command_line: str) -> str:
    """Return the command line of a run whose store is encrypted: no values are recorded in the clear."""
    import shlex

    try:
        return quoted(masked(shlex.split(command_line), lambda name: True))
    except ValueError:  # no command line
        return ""


def _make_folder(base: str | None, run: Run) -> tuple[RunFolder, str, str | None]:
    """Return the folder, the base directory it is in, and why it is only a temporary one."""
    try:
        base = base_directory() if base is None else base
        return RunFolder.create(base, run), base, None
    except UsageError as error:
        problem = error.message
    except OSError as error:
        problem = f"{runs_directory(base or '')}: {(error.strerror or str(error)).lower()}"
    from tempfile import mkdtemp

    try:
        base = mkdtemp(prefix="sloth-run-")
        return RunFolder.create(base, run), base, problem
    except OSError as error:
        raise SlothError(f"no place for the events of the run: {problem}") from error


def _begin(folder: RunFolder, store: str) -> tuple[int, int, EventFile]:
    """Start the keeper; return its pid, the descriptor for its order and requests, and its events. Raises
    OSError."""
    events = EventFile(folder.path)
    try:
        return *_spawn(folder, store), events
    except OSError:
        events.close()
        raise


def _spawn(folder: RunFolder, store: str) -> tuple[int, int]:
    """Start the keeper; return its pid, and the descriptor for its order and requests."""
    orders, requests = os.pipe()
    wanted = {keeper.ORDERS: orders, keeper.EVENTS: folder.events, keeper.RECORD: folder.record}
    moved: dict[int, int] = {}
    try:
        for number, descriptor in wanted.items():
            # First to high numbers: the low ones are overwritten one after the other.
            moved[number] = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
        nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
        given = [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in moved.items()]
        arguments = [sys.executable, "-P", "-S", "-c", _START, *filter(None, sys.path)]
        environment = {**os.environ, STORE_VARIABLE: store}
        pid = os.posix_spawn(
            sys.executable, arguments, environment, file_actions=[*nothing, *given], setsid=True
        )
    except OSError:
        os.close(requests)
        raise
    finally:
        for descriptor in (orders, *moved.values()):
            os.close(descriptor)
    return pid, requests


def _send(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    with suppress(OSError):  # it is gone, which its events tell
        while left:
            left = left[os.write(descriptor, left) :]
