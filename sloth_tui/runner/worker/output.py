"""What tasks print, on its way out: in lines, limited, and harmless to whoever reads it as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.runner.events import TaskOutput, Warned
from sloth_tui.text import format_size

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.worker.emitter import Emitter

LONGEST_LINE = 64 * 1024
"""Bytes of one line that are passed on."""


class Output:
    """Passes on lines of the task that runs, up to a limit for each task."""

    def __init__(self, emitter: Emitter, limit: int, before_line: Callable[[], None]) -> None:
        """``before_line`` is called before each line, so that what came before it can be said first."""
        self._emitter = emitter
        self._limit = limit
        self._before_line = before_line
        self._task: str | None = None
        self._passed = 0
        self._cut = 0

    def begin(self, task: str | None) -> None:
        self._task, self._passed, self._cut = task, 0, 0

    def write(self, stream: str, data: bytes, size: int | None = None) -> None:
        """Pass on each line of ``data``; ``size`` is what it had before the caller cut it, if he did."""
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
        """Say what must be said before whatever comes next, even if that ends this process."""
        self._before_line()
        self._emitter.flush()

    def finish(self) -> None:
        """Say how much was cut."""
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
