"""How far a run is: the state of each task, for each of its hosts."""

from __future__ import annotations

import json
import re
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.cells import expand_tabs
from sloth_tui.runner import events
from sloth_tui.runner.describe_hosts import RunningTask
from sloth_tui.runner.public_events import decode_public
from sloth_tui.text import output_line
from sloth_tui.tui.services.run_output.escapes import without_escapes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sloth_tui.runner.events import RunEvent

_OUTPUT = b'{"event":"task_output","task":'
_STREAM, _TEXT, _HOST, _PARTIAL = b',"stream":', b',"text":', b',"host":', b',"partial":'
_SEPARATOR = re.compile("[:/]")
_SHOWN_CHARACTERS = 400
_MOST_KEYS = 100_000
"""Changed keys that are remembered."""

WAITING, RUNNING = "waiting", "running"
BAD = ("failed", "timeout", "cancelled", "skipped")
"""The results of a task that did not do its work."""


class TaskProgress(NamedTuple):
    """A task, for one of its hosts if it runs for several. Times are unix seconds."""

    task: str
    host: str | None = None
    state: str = WAITING
    """``waiting``, ``running``, or the result of its TaskFinished."""
    began: float | None = None
    duration: float | None = None
    """Seconds; None until it has ended."""
    changed: int = 0
    """Changes of keys and resources; 0 until it has ended."""
    error: str | None = None
    up_to_date: bool = False


class Progress:
    """Takes the event lines of one run on one thread; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: dict[tuple[str, str | None], TaskProgress] = {}
        self._last: dict[bytes, bytes] = {}
        """The last output line of each task and host, both as they stand in the line."""
        self._running = RunningTask()
        self._keys: set[str] = set()
        self._nodes: set[str] = set()
        """The prefixes of these keys, as a tree of keys folds them."""
        self.changed = 0
        """Changes so far, of keys and of resources."""
        self.has_output = False
        """True once a task has printed something."""
        self.check = False
        self.finished: events.RunFinished | None = None
        """The last event; None while the run goes on."""

    def add(self, lines: Iterable[bytes]) -> None:
        """Take event lines; what is none is left out."""
        with self._lock:
            for line in lines:
                if line.startswith(_OUTPUT):
                    self.has_output = True
                    self._last[_origin_of(line)] = line
                else:
                    with suppress(ValueError):
                        self._take(decode_public(line))

    @property
    def tasks(self) -> list[TaskProgress]:
        """The tasks in the order of the run, each with its hosts."""
        with self._lock:
            return list(self._tasks.values())

    @property
    def doing(self) -> str:
        """The task that runs now, and where, if it runs for several hosts; empty between tasks."""
        with self._lock:
            return self._running.describe()

    @property
    def touched_count(self) -> int:
        """The number of keys that were changed so far; predictions do not count."""
        return len(self._keys)

    def has_touched(self, key: str, *, node: bool = False) -> bool:
        """True if this key was changed; ``node``: if one was that has this prefix, which ends in a separator.
        Cheap enough for each row of the screen."""
        return key in (self._nodes if node else self._keys)

    def last_line(self, task: str | None, host: str | None) -> str:
        """Return the last line that a task printed, harmless; empty if it printed none."""
        with self._lock:
            line = self._last.get(_encoded(task) + b"\0" + _encoded(host))
        if line is None:
            return ""
        try:
            text = str(json.loads(line)["text"])
        except (ValueError, LookupError, TypeError):
            return ""
        return expand_tabs(output_line(without_escapes(text), _SHOWN_CHARACTERS))

    def _take(self, event: RunEvent) -> None:
        self._running.take(event)
        match event:
            case events.RunStarted():
                self.check = event.check
                for task in event.tasks:
                    for host in (event.hosts or {}).get(task) or (None,):
                        self._tasks.setdefault((task, host), TaskProgress(task, host))
            case events.TaskStarted():
                self._put(TaskProgress(event.task, event.host, RUNNING, event.at))
            case events.TaskFinished():
                self._finish(event)
            case events.KeyChanged():
                self.changed += 1
                if not event.predicted and len(self._keys) < _MOST_KEYS and event.key not in self._keys:
                    self._keys.add(event.key)
                    self._nodes.update(event.key[: cut.end()] for cut in _SEPARATOR.finditer(event.key))
            case events.Resource():
                self.changed += event.changed
            case events.RunFinished():
                self.finished = event

    def _finish(self, event: events.TaskFinished) -> None:
        before = self._tasks.get((event.task, event.host), TaskProgress(event.task, event.host))
        self._put(
            before._replace(
                state=event.result,
                duration=event.duration,
                changed=event.changed + event.resources,
                error=event.error,
                up_to_date=event.up_to_date,
            )
        )

    def _put(self, progress: TaskProgress) -> None:
        self._tasks[progress.task, progress.host] = progress


def _origin_of(line: bytes) -> bytes:
    """Return the task and host of an output line. Within a text of JSON no quotation mark is bare, so that
    what is looked for is where fields begin."""
    task = line[len(_OUTPUT) : line.find(_STREAM)]
    start = line.rfind(_HOST)
    if start < 0:
        return task + b"\0null"
    end = line.find(_PARTIAL, start)
    return task + b"\0" + line[start + len(_HOST) : end if end >= 0 else line.rfind(b"}")]


def _encoded(name: str | None) -> bytes:
    return json.dumps(name, ensure_ascii=False).encode("utf-8", "backslashreplace")
