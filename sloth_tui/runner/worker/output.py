"""Pass on the output of tasks: in lines, up to a limit, and as text that JSON can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.events import TaskOutput, Warned
from sloth_tui.text import format_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.worker.emitter import Emitter

LONGEST_LINE = 64 * 1024
"""Bytes of one line that are passed on; the rest is cut."""


class Output:
    """Passes on the lines of the running task, up to a limit for each task."""

    def __init__(self, emitter: Emitter, limit: int, before_line: Callable[[], None]) -> None:
        """``limit``: bytes for each task. ``before_line`` is called before each line to send older events."""
        self._emitter = emitter
        self._limit = limit
        self._before_line = before_line
        self._task: str | None = None
        self._passed = 0
        self._cut = 0

    def begin(self, task: str | None) -> None:
        """Count from 0 for this task."""
        self._task, self._passed, self._cut = task, 0, 0

    def write(self, stream: str, data: bytes, size: int | None = None) -> None:
        """Pass on each line of ``data``. ``size``: its size in bytes before the caller cut it, if it did."""
        self._before_line()
        beyond = 0 if size is None else size - len(data)
        if b"\n" not in data:
            self._line(stream, data, beyond)
            return
        *lines, last = data.split(b"\n")
        for line in lines:
            self._line(stream, line)
        self._line(stream, last, beyond)

    def catch_up(self) -> None:
        """Send everything that is pending, in case the next step ends this process."""
        self._before_line()
        self._emitter.flush()

    def finish(self) -> None:
        """Report how much was cut, if anything."""
        if self._cut:
            limit = format_size(self._limit)
            message = f"output beyond {limit}: … {self._cut} bytes cut"
            self._emitter.event(Warned(self._task, message))
            self._cut = 0

    def _line(self, stream: str, line: bytes, beyond: int = 0) -> None:
        if self._passed + len(line) > self._limit:
            self._cut += len(line) + beyond
            return
        self._passed += len(line) + 1
        if len(line) > LONGEST_LINE:
            beyond += len(line) - LONGEST_LINE
            line = line[:LONGEST_LINE]
        text = line.decode("utf-8", "backslashreplace")
        if beyond:
            text += f" … {beyond} bytes cut"
        self._emitter.event(TaskOutput(self._task, stream, text))
