"""Show a run on a terminal: the lines that a pipe gets, a progress line below, and a table at the end."""

from __future__ import annotations

import io
import sys
import threading
import time
from typing import TYPE_CHECKING, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from sloth_tui.cells import expand_tabs
from sloth_tui.cli.output.drawing import cut
from sloth_tui.cli.output.tables import terminal_width
from sloth_tui.cli.running.summary import RunSummary
from sloth_tui.runner import events
from sloth_tui.runner.describe_hosts import RunningTask
from sloth_tui.text import display_text, encodable, format_duration, output_line
from sloth_tui.threads import start_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TextIO

    from sloth_tui.cli.output.stdout import Output
    from sloth_tui.model import TextLine
    from sloth_tui.runner.describe import RunDescriber
    from sloth_tui.runner.events import RunEvent

_UPDATE_SECONDS = 0.1
"""The time between two updates. Lines that come faster are written together."""
_MAX_OUTPUT_CHARACTERS = 500
"""Characters of a task's last output, and of its name, that are looked at."""
_MAX_NAME_CELLS = 40
"""Cells of a task's name in the progress line."""
_STACK_BYTES = 1024 * 1024
"""The stack of the thread that draws. Rich calls deeply."""
_STYLES = {
    "heading": "bold",
    "old": "dim",
    "quiet": "dim",
    "added": "green",
    "removed": "red",
    "warning": "yellow",
    "good": "green",
    "bad": "red",
}
"""The styles of roles of text; other roles have none."""


class RunLive:
    """Shows each event. A context manager, so that the terminal is always restored."""

    def __init__(self, out: Output, describer: RunDescriber) -> None:
        self._out = out
        self._describer = describer
        self._summary = RunSummary()
        self._progress = _Progress()
        self._screen = _Screen(out)
        self._console = Console(
            file=cast("TextIO", self._screen),
            force_terminal=True,
            width=terminal_width(),
            highlight=False,
            legacy_windows=False,
        )
        self._line = self._progress.line()
        self._live = Live(
            self._line,
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._lock = threading.Lock()
        """Held while drawing: by the clock's thread, or that of :meth:`show`."""
        self._pending: list[Text] = []
        self._drawn = 0.0
        self._over = threading.Event()

    def __enter__(self) -> RunLive:
        with self._lock:
            start_thread(self._tick, _STACK_BYTES)  # first: if there can be none, nothing is drawn yet
            self._live.start()
            # rich hides the cursor, and a process that is stopped by Ctrl-Z or killed cannot show it again.
            self._console.show_cursor(True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def show(self, event: RunEvent) -> None:
        """Show an event. Raises OutputClosed, or SlothError if the terminal cannot be written to."""
        lines = [_styled(line) for line in self._describer.lines(event)]
        self._summary.take(event)
        if isinstance(event, events.RunFinished):
            self._leave()
            self._screen.raise_failure()
            self._conclude(lines)
            return
        with self._lock:
            self._progress.take(event)
            self._pending += lines
            if time.monotonic() >= self._drawn + _UPDATE_SECONDS:
                self._draw()
        self._screen.raise_failure()

    def _conclude(self, lines: list[Text]) -> None:
        if lines:
            self._summary.write(self._out)
            self._write(lines)
            self._screen.raise_failure()
        self._out.flush()

    def _write(self, lines: list[Text]) -> None:
        self._console.print(Text("\n").join(lines), no_wrap=True, overflow="ignore", crop=False)

    def _leave(self) -> None:
        """Write the lines that wait, and remove the progress line."""
        with self._lock:
            if self._over.is_set():
                return
            self._over.set()
            self._draw()
            self._live.stop()

    def _tick(self) -> None:
        while not self._over.wait(_UPDATE_SECONDS):
            with self._lock:
                if not self._over.is_set():
                    self._draw()

    def _draw(self) -> None:
        """Write the lines that wait and the progress line at once; nothing if neither is new."""
        self._drawn = time.monotonic()
        line = self._progress.line()
        if not self._pending and line == self._line:
            return
        self._line = line
        self._console.width = terminal_width()
        with self._console:
            if self._pending:
                self._write(self._pending)
                self._pending.clear()
            self._live.update(line, refresh=True)


class _Progress:
    """The progress of the run: the task, for how long it runs, and its last output.

    A task for several hosts counts once for each.
    """

    def __init__(self) -> None:
        self._tasks = 0
        self._ended = 0
        self._task = RunningTask()
        self._since: float | None = None
        self._last_output = ""

    def take(self, event: RunEvent) -> None:
        """Take note of an event."""
        self._task.take(event)
        match event:
            case events.RunStarted():
                hosts = event.hosts or {}
                self._tasks = sum(len(hosts.get(task, " ")) for task in event.tasks)
            case events.TaskStarted() if self._since is None:
                self._since, self._last_output = time.monotonic(), ""
            case events.TaskOutput():
                text = expand_tabs(output_line(event.text, _MAX_OUTPUT_CHARACTERS)).strip()
                if text:
                    mark = "" if event.host is None else f"{display_text(event.host)} | "
                    self._last_output = mark + text
            case events.TaskFinished():
                self._ended += 1
                if not self._task.describe():
                    self._since = None

    def line(self) -> Text:
        """Return the progress line; empty between tasks."""
        if self._since is None:
            return Text()
        name = cut(_encodable(display_text(self._task.describe(), _MAX_OUTPUT_CHARACTERS)), _MAX_NAME_CELLS)
        # Whole seconds: fractions would flicker.
        age = format_duration(float(int(time.monotonic() - self._since)))
        return Text.assemble(
            (f"[{self._ended + 1}/{self._tasks}] ", "dim"),
            (name, "bold"),
            f" {age} ",
            (_encodable(self._last_output), "dim"),
            no_wrap=True,
            overflow="crop",
        )


def _styled(line: TextLine) -> Text:
    return Text.assemble(*((text, _STYLES.get(role, "")) for text, role in line))


def _encodable(shown: str) -> str:
    """Return the text as the terminal shows it, with escapes for characters that its encoding lacks."""
    return encodable(shown, getattr(sys.stdout, "encoding", None))


class _Screen(io.TextIOBase):
    """The terminal for rich's console. Write errors are kept and raised by :meth:`raise_failure`."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._failure: Exception | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only here
        return getattr(sys.stdout, "encoding", None) or "ascii"

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._attempt(lambda: self._out.people(text))
        return len(text)

    def flush(self) -> None:
        self._attempt(self._out.flush)

    def _attempt(self, write: Callable[[], None]) -> None:
        if self._failure is not None:
            return
        try:
            write()
        except Exception as error:  # noqa: BLE001 - raised again where it is asked for
            self._failure = error

    def raise_failure(self) -> None:
        """Raise the first write error, if there was one."""
        if self._failure is not None:
            raise self._failure
