"""What a run says while it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.content import Content
from textual.widgets import RichLog, Static

from sloth_tui.text import display_text, format_count, format_duration
from sloth_tui.tui.messages import RunLine
from sloth_tui.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

_KEPT_LINES = 5000
_LINE_LIMIT = 2000


class RunPane(Pane):
    """The file that runs or ran last, its output, the keys it changed, and how it ended."""

    NUMBER = 6
    NAME = "Run"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "run--output",
        "run--task",
        "run--change",
        "run--warning",
        "run--good",
        "run--bad",
    }

    def compose(self) -> ComposeResult:
        yield Static(id="run-status")
        yield RichLog(
            id="run-log", markup=False, highlight=False, wrap=True, max_lines=_KEPT_LINES, min_width=20
        )
        yield Static(
            "r chooses a Lua file and runs it against the agent on screen.", id="run-none", classes="empty"
        )

    def on_mount(self) -> None:
        super().on_mount()
        self._what = ""
        self._doing = ""
        self._changed = 0
        self._began = 0.0
        self._ticks: Timer = self.set_interval(1.0, self._tick, pause=True)
        self.add_class("nothing")

    def begin(self, file: str, agent: str) -> None:
        """A new run: the lines of the last one go."""
        self.remove_class("nothing")
        self.query_one(RichLog).clear()
        self._what = f"{display_text(file)} on {display_text(agent)}"
        self._doing, self._changed, self._began = "", 0, time.monotonic()
        self._ticks.resume()
        self.entitle("running", "S stops it")
        self._tick()

    def add(self, lines: list[RunLine], task: str, changed: int) -> None:
        """Append lines, each in the style of its kind; ``task`` is the one that runs now, ``changed`` how
        many changes the run has made."""
        self._write(lines)
        self._doing, self._changed = task, changed
        self._tick()

    def end(self, result: str, duration: float, error: str | None) -> None:
        """The run is over: ``result`` as the runner names it, ``error`` what went wrong with it, in words."""
        self._ticks.pause()
        self._write([RunLine("bad", error)] if error else [])
        mark, style = ("✓", "$success") if result == "done" else ("✗", "$error")
        self._status(
            Content.assemble(
                (f"{mark} {result} ", style),
                (self._what, "bold"),
                (f"  {format_duration(duration)}{self._changes()}", "$quiet"),
            )
        )
        self.entitle(result)

    def _write(self, lines: list[RunLine]) -> None:
        log = self.query_one(RichLog)
        for line in lines:
            style = self.get_component_rich_style(f"run--{line.kind}", partial=True)
            log.write(Text(display_text(line.text, _LINE_LIMIT), style=style))

    def _tick(self) -> None:
        passed = format_duration(float(int(time.monotonic() - self._began)))
        task = f"  task {display_text(self._doing, 40)}" if self._doing else ""
        self._status(
            Content.assemble(
                ("▶ ", "$primary"), (self._what, "bold"), (f"  {passed}{task}{self._changes()}", "$quiet")
            )
        )

    def _changes(self) -> str:
        return f"  {format_count(self._changed, 'change')}" if self._changed else ""

    def _status(self, line: Content) -> None:
        self.query_one("#run-status", Static).update(line)
