"""Run one Lua file at a time: a thread listens to the runner, the screen fetches the output."""

from __future__ import annotations

import signal
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict, SlothError
from sloth_tui.masking import MASK
from sloth_tui.runner.describe import describe
from sloth_tui.runner.events import (
    KeyChanged,
    RunFinished,
    RunStarted,
    Stopping,
    TaskFinished,
    TaskOutput,
    TaskStarted,
    Warned,
)
from sloth_tui.runner.supervision.supervisor import RunRequest, Supervisor, Suspension
from sloth_tui.text import format_count, listed
from sloth_tui.tui.messages import RunBegan, RunEnded, RunLine, RunProgressed, ThreadDied
from sloth_tui.values.render import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.message import Message

    from sloth_tui.model import Value
    from sloth_tui.runner.events import RunEvent

_KEPT_LINES = 400
"""Lines that wait for the screen; beyond them, the oldest are counted and dropped."""
_VALUE_LIMIT = 60
_STOP_WAIT_SECONDS = 0.5
"""How long a run that is ending may keep this process from being stopped."""
_CLOSE_MARGIN_SECONDS = 5.0
"""Added to the grace period of commands."""


class RunOutput(NamedTuple):
    """The output of a run since the last call."""

    lines: list[RunLine]
    task: str
    """The task that runs now; empty between tasks."""
    changed: int
    """Number of changes of keys so far."""


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
        self._thread: threading.Thread | None = None
        self._lines: deque[RunLine] = deque(maxlen=_KEPT_LINES)
        self._left_out = 0
        self._told = False
        self._task = ""
        self._changed = 0

    @property
    def running(self) -> bool:
        return self._supervisor is not None

    def start(self, file: str, agent: str) -> None:
        """Start a run. RunBegan follows, RunProgressed for output to :meth:`take`, and RunEnded. Raises
        Conflict while another run is going on."""
        with self._lock:
            if self._supervisor is not None:
                raise Conflict("a run is going on already", hint="wait for its end, or stop it")
            self._supervisor = Supervisor(RunRequest(file, agent, grace=self._grace))
            self.started.add(self._supervisor.run)
            self._lines.clear()
            self._task, self._changed, self._left_out = "", 0, 0
        self._post(RunBegan(file, agent))
        self._thread = threading.Thread(
            target=self._listen, args=(self._supervisor,), name="run", daemon=True
        )
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
                lines.insert(0, RunLine("warning", f"… {format_count(self._left_out, 'line')} left out"))
            self._lines.clear()
            self._left_out = 0
            return RunOutput(lines, self._task, self._changed)

    def _listen(self, supervisor: Supervisor) -> None:
        ending: Message = RunEnded("error", 0.0, "the run ended without saying how")
        try:
            for event in supervisor.events():
                self._hear(event)
                if isinstance(event, RunFinished):
                    hint = f" ({event.hint})" if event.hint else ""
                    error = f"{event.error}{hint}" if event.error else None
                    ending = RunEnded(event.result, event.duration, error)
        except SlothError as error:
            ending = RunEnded("error", 0.0, error.message)
        except Exception as error:  # noqa: BLE001  # a bug must end the app, not silence the screen
            ending = ThreadDied(error)
        finally:
            self._supervisor = None
            self._post(ending)

    def _hear(self, event: RunEvent) -> None:
        with self._lock:
            if isinstance(event, TaskStarted):
                self._task = event.task
            elif isinstance(event, TaskFinished):
                self._task = ""
            elif isinstance(event, KeyChanged):
                self._changed += 1
            lines = describe_lines(event, self._is_secret)
            self._left_out += max(len(self._lines) + len(lines) - _KEPT_LINES, 0)
            self._lines.extend(lines)
            told, self._told = self._told, True
        if not told:
            self._post(RunProgressed())


def describe_lines(event: RunEvent, is_secret: Callable[[str], bool]) -> list[RunLine]:
    """Return the lines that report an event, with its data as it is."""
    if isinstance(event, RunStarted):
        return [RunLine("task", f"{describe(event)}: {listed(list(event.tasks))}")]
    if isinstance(event, TaskStarted):
        return [RunLine("task", f"▶ {describe(event)}")]
    if isinstance(event, TaskOutput):
        return [RunLine("output", describe(event))]
    if isinstance(event, KeyChanged):
        return [RunLine("change", "  " + describe_change(event, hidden=event.secret or is_secret(event.key)))]
    if isinstance(event, Warned):
        return [RunLine("warning", f"  ! {describe(event)}")]
    if isinstance(event, Stopping):
        return [RunLine("warning", f"  ! {describe(event)}; stop again to kill")]
    if isinstance(event, TaskFinished):
        return _describe_finish(event)
    return []


def describe_change(event: KeyChanged, *, hidden: bool) -> str:
    """Return ``+ key = new``, ``~ key: old → new`` or ``- key (was old)``."""
    old = MASK if hidden else _short(event.old)
    new = MASK if hidden else _short(event.new)
    if event.deleted:
        return f"- {event.key} (was {old})"
    return f"+ {event.key} = {new}" if event.created else f"~ {event.key}: {old} → {new}"


def _short(value: Value | None) -> str:
    # An event may carry only the beginning of bytes: their size is not known, so it is not told.
    return one_line(value[:_VALUE_LIMIT].hex() if isinstance(value, bytes) else value, _VALUE_LIMIT)


def _describe_finish(event: TaskFinished) -> list[RunLine]:
    good = event.result == "done"
    mark = "✓" if good else "–" if event.result == "skipped" else "✗"
    lines = [RunLine("good" if good else "bad", f"{mark} {event.task} {describe(event)}")]
    if event.error:
        lines.append(RunLine("bad", f"  {event.error}"))
    return lines
