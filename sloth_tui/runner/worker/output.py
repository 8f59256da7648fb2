"""Pass on the output of tasks: in lines, up to a limit, and as text that JSON can hold."""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from sloth_tui.runner.events import TaskOutput, Warned
from sloth_tui.text import format_size, last_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.worker.emitter import Emitter

LONGEST_LINE = 64 * 1024
"""Bytes of one line that are passed on; the rest is cut."""
_LONGEST_REDRAW = 1000
"""Bytes of a line that is not at its end."""
_FREE_REDRAWS = 64 * 1024
_REDRAWS_PER_BYTE = 4
"""Redrawn lines of a task take at most so many bytes, and so many for each byte it writes: a line that grows
by a point at a time would else be sent a thousand times."""


class Output:
    """Passes on the lines of the running task, up to a limit for each task."""

    def __init__(
        self, emitter: Emitter, limit: int, before_line: Callable[[], None], *, redraws: bool = False
    ) -> None:
        """``limit``: bytes for each task. ``before_line`` is called before each line to send older events.
        ``redraws``: pass on lines that are not at their end, too."""
        self._emitter = emitter
        self._limit = limit
        self._before_line = before_line
        self._redraws = redraws
        self._redrawn: dict[str, str] = {}
        """What was passed on last of the unfinished line of each stream."""
        self._received = self._redrawn_before = 0
        """Bytes of unfinished lines that have come, and of redrawn lines that were sent, up to this task."""
        self._task: str | None = None
        self._passed = 0
        self._cut = 0

    def begin(self, task: str | None) -> None:
        """Count from 0 for this task."""
        self._task, self._passed, self._cut = task, 0, 0
        self._received, self._redrawn_before = 0, self._emitter.redrawn

    def write(self, stream: str, data: bytes, size: int | None = None) -> None:
        """Pass on each line of ``data``. ``size``: its size in bytes before the caller cut it, if it did."""
        self._before_line()
        if self._redrawn.pop(stream, None) is not None:
            self._emitter.redraw(stream, None)
        beyond = 0 if size is None else size - len(data)
        if b"\n" not in data:
            self._line(stream, data, beyond)
            return
        *lines, last = data.split(b"\n")
        for line in lines:
            self._line(stream, line)
        self._line(stream, last, beyond)

    def redraw(self, stream: str, data: bytes, new: int) -> None:
        """Pass on what a line reads so far whose end has not come, but not each time; ``new``: the number of
        its bytes that have just come."""
        self._received += new
        if not self._redraws or self._passed > self._limit:
            return
        text = _state(data)
        if not text or text == self._redrawn.get(stream):
            return
        most = _FREE_REDRAWS + _REDRAWS_PER_BYTE * self._received
        if self._emitter.redrawn - self._redrawn_before < most:
            self._redrawn[stream] = text
            self._emitter.redraw(stream, TaskOutput(self._task, stream, text, None, True))

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
            line = last_state(line)
        if len(line) > LONGEST_LINE:
            beyond += len(line) - LONGEST_LINE
            line = line[:LONGEST_LINE]
        text = line.decode("utf-8", "backslashreplace")
        if beyond:
            text += f" … {beyond} bytes cut"
        self._emitter.event(TaskOutput(self._task, stream, text))


def _state(line: bytes) -> str:
    """Return what a line reads now, at most its beginning. A character whose end has not come is left out."""
    drawn = last_state(line).rstrip(b"\r")[:_LONGEST_REDRAW]
    return getincrementaldecoder("utf-8")("backslashreplace").decode(drawn)
