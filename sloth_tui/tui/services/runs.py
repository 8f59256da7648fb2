"""Run one Lua file at a time: a thread listens to the runner, the screen fetches the output."""

from __future__ import annotations

import signal
import threading
from collections import deque
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict, SlothError
from sloth_tui.model import TextPiece
from sloth_tui.runner.describe import RunDescriber
from sloth_tui.runner.describe_hosts import RunningTask
from sloth_tui.runner.events import KeyChanged, Resource, RunFinished
from sloth_tui.runner.supervision.supervisor import Supervisor, Suspension
from sloth_tui.store.worker_keys import keys_for_worker
from sloth_tui.text import format_count
from sloth_tui.threads import Thread
from sloth_tui.tui.messages import RunBegan, RunEnded, RunProgressed, ThreadDied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.message import Message

    from sloth_tui.model import TextLine
    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runner.request import RunRequest

_KEPT_LINES = 400
"""Lines that wait for the screen; beyond them, the oldest are counted and dropped."""
_LINE_LIMIT = 2000
"""Characters of a text of a task that are shown, such as a line of output."""
_STOP_WAIT_SECONDS = 0.5
"""How long a run that is ending may keep this process from being stopped."""
_CLOSE_MARGIN_SECONDS = 5.0
"""Added to the grace period of commands."""


class RunOutput(NamedTuple):
    """The output of a run since the last call."""

    lines: list[TextLine]
    task: str
    """The task that runs now, and where, if it runs for several hosts; empty between tasks."""
    changed: int
    """Number of changes so far, of keys and of resources."""


class Runs:
    """Starts, stops and listens. Its methods may be called from any thread."""

    def __init__(
        self, post: Callable[[Message], object], is_secret: Callable[[str], bool], grace: float
    ) -> None:
        """``grace``: seconds that commands of a stopped run get to end."""
        self._grace = grace
        self._post = post
        self._is_secret = is_secret
        self._lock = threading.Lock()
        self.started: set[str] = set()
        """The ids of all runs started so far."""
        self._supervisor: Supervisor | None = None
        self._thread: Thread | None = None
        self._lines: deque[TextLine] = deque(maxlen=_KEPT_LINES)
        self._left_out = 0
        self._told = False
        self._task = RunningTask()
        self._changed = 0

    @property
    def running(self) -> bool:
        return self._supervisor is not None

    def start(self, request: RunRequest) -> None:
        """Start a run. RunBegan follows, RunProgressed for output to
        :meth:`take`, and RunEnded. Raises Conflict while another run is going on."""
        with self._lock:
            if self._supervisor is not None:
                raise Conflict("a run is going on already", hint="wait for its end, or stop it")
            self._supervisor = Supervisor(request, keys=lambda: keys_for_worker(request.agent))
            self.started.add(self._supervisor.run)
            self._lines.clear()
            self._task, self._changed, self._left_out = RunningTask(), 0, 0
        self._post(RunBegan(request.file, request.agent, check=request.check))
        self._thread = Thread(partial(self._listen, self._supervisor), "run")
        self._thread.start()

    def stop(self, signal_number: int = signal.SIGINT) -> bool:
        """Ask the run to end; the second time, kill its commands. Return False if there is no run."""
        supervisor = self._supervisor
        if supervisor is None:
            return False
        supervisor.stop(signal_number)
        return True

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """Return a context in which this process may be stopped while the run, if any, goes on."""
        suspension, supervisor = Suspension(), self._supervisor
        try:
            if supervisor is not None:
                supervisor.prepare_suspension(suspension)
                suspension.begun.wait(_STOP_WAIT_SECONDS)
            yield
        finally:
            suspension.over.set()

    def close(self) -> None:
        """End the run, if there is one, and wait for its processes as long as they may take."""
        self.stop(signal.SIGTERM)
        if self._thread is not None:
            self._thread.join(self._grace + _CLOSE_MARGIN_SECONDS)

    def take(self) -> RunOutput:
        """Return the output since the last call."""
        with self._lock:
            lines, self._told = list(self._lines), False
            if self._left_out:
                left_out = f"… {format_count(self._left_out, 'line')} left out"
                lines.insert(0, (TextPiece(left_out, "warning"),))
            self._lines.clear()
            self._left_out = 0
            return RunOutput(lines, self._task.describe(), self._changed)

    def _listen(self, supervisor: Supervisor) -> None:
        describer = RunDescriber(is_secret=self._is_secret, how_to_kill="stop again", limit=_LINE_LIMIT)
        ending: Message = RunEnded("error", 0.0, "the run ended without saying how")
        try:
            for event in supervisor.events():
                self._hear(event, describer.lines(event))
                if isinstance(event, RunFinished):
                    hint = f" ({event.hint})" if event.hint else ""
                    error = f"{event.error}{hint}" if event.error else None
                    ending = RunEnded(event.result, event.duration, error, would_change=event.would_change)
        except SlothError as error:
            ending = RunEnded("error", 0.0, error.message)
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            ending = ThreadDied(error)
        finally:
            self._supervisor = None
            self._post(ending)

    def _hear(self, event: RunEvent, lines: list[TextLine]) -> None:
        with self._lock:
            self._task.take(event)
            self._changed += isinstance(event, KeyChanged) or (isinstance(event, Resource) and event.changed)
            self._left_out += max(len(self._lines) + len(lines) - _KEPT_LINES, 0)
            self._lines.extend(lines)
            told, self._told = self._told, True
        if not told:
            self._post(RunProgressed())
