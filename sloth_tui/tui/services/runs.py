"""One run of a Lua file at a time: a thread listens to the runner, the screen fetches what it said."""

from __future__ import annotations

import json
import signal
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict, SlothError
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
from sloth_tui.runner.supervision.supervisor import Absence, RunRequest, Supervisor
from sloth_tui.text import format_count, format_duration, listed
from sloth_tui.tui.messages import RunBegan, RunEnded, RunLine, RunProgressed, ThreadDied
from sloth_tui.tui.secrets import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual.message import Message

    from sloth_tui.model import Value
    from sloth_tui.runner.events import RunEvent

_KEPT_LINES = 400
"""Lines that wait for the screen; what a run says faster than anybody could read is counted and left out."""
_VALUE_LIMIT = 60
_STEPPING = 0.5
"""Seconds that a run at its end may keep this process from being stopped."""
_MARGIN = 5.0
"""Seconds on top of the grace of commands."""


class RunNews(NamedTuple):
    """What a run said since somebody last asked."""

    lines: list[RunLine]
    task: str
    """The one that runs now; empty between tasks."""
    changed: int
    """Changes of keys so far."""


class Runs:
    """Starts, stops and listens. Its methods may be called from any thread."""

    def __init__(
        self, post: Callable[[Message], object], is_secret: Callable[[str], bool], grace: float
    ) -> None:
        """``grace``: seconds for commands of a run that is stopped."""
        self._grace = grace
        self._post = post
        self._is_secret = is_secret
        self._lock = threading.Lock()
        self.started: set[str] = set()
        """The ids of all runs so far."""
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
        """RunBegan follows, RunProgressed whenever there is something to :meth:`take`, and RunEnded. Raises
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
        """Ask the run to end, or, the second time, end its commands by force; False when there is none."""
        supervisor = self._supervisor
        if supervisor is None:
            return False
        supervisor.stop(signal_number)
        return True

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """While this process is stopped the run, if there is one, goes on."""
        absence, supervisor = Absence(), self._supervisor
        try:
            if supervisor is not None:
                supervisor.step_aside(absence)
                absence.begun.wait(_STEPPING)
            yield
        finally:
            absence.over.set()

    def close(self) -> None:
        """End the run, if there is one, and wait for its processes to be gone: as long as they may take."""
        self.stop(signal.SIGTERM)
        if self._thread is not None:
            self._thread.join(self._grace + _MARGIN)

    def take(self) -> RunNews:
        """What was said since the last call."""
        with self._lock:
            lines, self._told = list(self._lines), False
            if self._left_out:
                lines.insert(0, RunLine("warning", f"… {format_count(self._left_out, 'line')} left out"))
            self._lines.clear()
            self._left_out = 0
            return RunNews(lines, self._task, self._changed)

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
            lines = story(event, self._is_secret)
            self._left_out += max(len(self._lines) + len(lines) - _KEPT_LINES, 0)
            self._lines.extend(lines)
            told, self._told = self._told, True
        if not told:
            self._post(RunProgressed())


def story(event: RunEvent, is_secret: Callable[[str], bool]) -> list[RunLine]:
    """An event as lines, with the data in it as it is."""
    if isinstance(event, RunStarted):
        return [RunLine("task", f"{format_count(len(event.tasks), 'task')}: {listed(list(event.tasks))}")]
    if isinstance(event, TaskStarted):
        return [RunLine("task", f"▶ {event.task}")]
    if isinstance(event, TaskOutput):
        return [RunLine("output", event.text)]
    if isinstance(event, KeyChanged):
        return [RunLine("change", "  " + change(event, hidden=event.secret or is_secret(event.key)))]
    if isinstance(event, Warned):
        return [RunLine("warning", f"  ! {event.message}")]
    if isinstance(event, Stopping):
        asked = format_count(event.processes, "process", "processes")
        wait = f"waiting up to {format_duration(event.seconds)} for {asked} to end"
        return [RunLine("warning", f"  ! stopping: {wait}; stop again to kill")]
    if isinstance(event, TaskFinished):
        return _finished(event)
    return []


def change(event: KeyChanged, *, hidden: bool) -> str:
    """``+ key = new``, ``~ key: old → new`` or ``- key (was old)``."""
    old = MASK if hidden else _short(event.old)
    new = MASK if hidden else _short(event.new)
    if event.deleted:
        return f"- {event.key} (was {old})"
    return f"+ {event.key} = {new}" if event.created else f"~ {event.key}: {old} → {new}"


def _short(value: Value | None) -> str:
    if isinstance(value, bytes):
        text = value[:_VALUE_LIMIT].hex()
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_LIMIT else text[: _VALUE_LIMIT - 1] + "…"


def _finished(event: TaskFinished) -> list[RunLine]:
    good = event.result == "done"
    changes = f", {format_count(event.changed, 'change')}" if event.changed else ""
    mark = "✓" if good else "–" if event.result == "skipped" else "✗"
    took = "" if event.result == "skipped" else f" in {format_duration(event.duration)}"
    lines = [RunLine("good" if good else "bad", f"{mark} {event.task} {event.result}{took}{changes}")]
    if event.error:
        lines.append(RunLine("bad", f"  {event.error}"))
    return lines
