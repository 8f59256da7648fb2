"""Write the events of a run into its folder, as they come.

A run must not fail because its record cannot be written. What does not fit on the disk is counted, and a
warning among the events says where it is missing, as soon as there is room again.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import ExitCode, SlothError
from sloth_tui.runner.events import KeyChanged, KeyRestored, Resource, RunFinished, Warned
from sloth_tui.runner.protocol import public_line
from sloth_tui.text import format_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runs.folder import RunFolder
    from sloth_tui.runs.model import Run

_BATCH_BYTES = 256 * 1024
"""Lines of this size are written even if there are more to come at once."""
_RETRY_SECONDS = 1.0
"""Time between two attempts to write to a disk that is full."""


def this_process(run: Run) -> Run:
    """Return the run with this process as the one that keeps it."""
    return run._replace(host=os.uname().nodename, pid=os.getpid())


class Recorder:
    """Records one run. Not for use by several threads."""

    def __init__(self, folder: RunFolder, run: Run, is_secret: Callable[[str], bool]) -> None:
        """``is_secret`` is True for a key whose values are not to be kept."""
        self.run = run
        """What is known of the run; with its result once it has ended."""
        self._folder = folder
        self._is_secret = is_secret
        self._lines: list[bytes] = []
        self._size = 0
        self._keys = self._resources = 0
        self._missing = 0
        self._gap = 0
        """Events that are missing at the end of the file."""
        self._broken_line = False
        self._why = ""
        self._retry_at = 0.0

    def announce(self) -> None:
        """Record which process keeps the run: from now on it can be told to stop by a signal."""
        self._update()

    def record(self, events: Iterable[RunEvent]) -> Iterator[RunEvent]:
        """Yield the events of the run, and record them. An error that ends them is recorded, too."""
        try:
            for event in events:
                self.take(event)
                yield event
        except SlothError as error:
            self.fail(error.message, error.hint, error.exit_code)
            raise
        except Exception as error:
            self.fail(f"unexpected failure: {type(error).__name__}: {error}")
            raise

    def take(self, event: RunEvent) -> None:
        """Record an event; it is in the file after the next :meth:`flush`, or soon."""
        if isinstance(event, (KeyChanged, KeyRestored)):
            event = self._without_secret(event)
            self._keys += isinstance(event, KeyChanged)
        elif isinstance(event, Resource):
            self._resources += event.changed
        elif isinstance(event, RunFinished):
            self._finish(event)
            return
        line = public_line(event)
        self._lines.append(line)
        self._size += len(line)
        if self._size >= _BATCH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what has come so far."""
        if self._lines:
            self._write(final=False)

    def fail(self, message: str, hint: str | None = None, exit_code: int = ExitCode.FAILURE) -> None:
        """Record that the run could not go on, unless it has ended."""
        if self.run.going:
            duration = time.time() - self.run.started
            self._finish(RunFinished(self.run.id, "error", exit_code, duration, message, hint))

    @property
    def problem(self) -> str | None:
        """What is wrong with the record, in words; None if it is complete."""
        if not self._folder.is_there():
            return "its folder was removed meanwhile"
        if self._missing:
            return f"{format_count(self._missing, 'event')} of it could not be written: {self._why}"
        return None

    def _finish(self, event: RunFinished) -> None:
        """Write the record first: who reads the last event finds it there."""
        self._lines.append(public_line(event))
        self.run = self.run._replace(
            ended=time.time(),
            result=event.result,
            exit_code=event.exit_code,
            error=event.error,
            hint=event.hint,
            would_change=event.would_change,
            changed=self._keys + self._resources,
            keys=self._keys,
        )
        self._write(final=True)

    def _write(self, *, final: bool) -> None:
        lines, self._lines, self._size = self._lines, [], 0
        if self._gap and not final and time.monotonic() < self._retry_at:
            self._lose(len(lines))
            return
        last = lines.pop() if final else b""
        if lines or self._gap:
            self._append(lines)
        if final:
            self._update()
            self._append([last])
            if self._gap:
                self._update()

    def _update(self) -> None:
        try:
            self._folder.write(self.run._replace(missing=self._missing))
        except OSError as error:
            self._why = self._why or _words(error)

    def _append(self, lines: list[bytes]) -> None:
        count = len(lines)
        if self._gap:
            lines = [public_line(Warned(None, self._gap_in_words())), *lines]
        data = memoryview((b"\n" if self._broken_line else b"") + b"".join(lines))
        whole = len(data)
        try:
            while data:
                data = data[os.write(self._folder.events, data) :]
        except OSError as error:
            self._why = _words(error)
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            self._broken_line = self._broken_line or len(data) < whole
            self._lose(_cut_lines(lines, len(data), counted=count))
        else:
            self._gap, self._broken_line = 0, False

    def _lose(self, events: int) -> None:
        self._gap += events
        self._missing += events

    def _gap_in_words(self) -> str:
        return f"{format_count(self._gap, 'event')} of the run could not be kept here: {self._why}"

    def _without_secret(self, event: KeyChanged | KeyRestored) -> KeyChanged | KeyRestored:
        if event.secret or not self._is_secret(event.key):
            return event
        return event._replace(old=None, new=None, shortened=False, secret=True)


def _cut_lines(lines: list[bytes], left: int, *, counted: int) -> int:
    """Return how many of the lines were not written as a whole, if so many bytes at their end were not, and
    only the last ones count."""
    lost = 0
    for line in reversed(lines):
        if left <= 0:
            break
        left -= len(line)
        lost += 1
    return min(lost, counted)


def _words(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
