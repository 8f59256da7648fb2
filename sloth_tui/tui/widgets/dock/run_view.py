"""The Run tab: the output of a run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from sloth_tui.cells import expand_tabs
from sloth_tui.model import TextPiece
from sloth_tui.text import display_text, format_count, format_duration
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.widgets.line_view import LineView
from sloth_tui.tui.widgets.pane import HostedPane
from sloth_tui.tui.widgets.run_roles import ROLE_STYLES

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.timer import Timer

    from sloth_tui.model import TextLine

_KEPT_LINES = 5000
_LINE_LIMIT = 2000


class RunLog(LineView):
    """Shows the newest lines of a run."""

    def on_mount(self) -> None:
        self._text_lines: list[TextLine] = []
        self._first = 0
        """How many lines were dropped."""
        self._places: dict[int, int] = {}
        """The places of numbered lines, counted with those that were dropped."""

    def add(self, lines: list[TextLine], number: int | None = None) -> None:
        """Add lines at the end. ``number``: that of the first one, by which it can be written anew."""
        shown = [_without_tabs(line) for line in lines]
        if number is not None:
            place = self._first + len(self._text_lines)
            self._places.update((number + index, place + index) for index in range(len(shown)))
        self._text_lines += shown
        self.append_lines(["".join(piece.text for piece in line) for line in shown])
        surplus = len(self._text_lines) - _KEPT_LINES
        if surplus > _KEPT_LINES // 4:
            self._text_lines = self._text_lines[surplus:]
            self._first += surplus
            self._places = {number: at for number, at in self._places.items() if at >= self._first}
            self.set_lines(self.lines[surplus:])
            self.scroll_end(animate=False)

    def rewrite(self, number: int, line: TextLine) -> None:
        """Put another line in the place of the one of this number, if it is still there."""
        place = self._places.get(number)
        if place is not None:
            self._text_lines[place - self._first] = shown = _without_tabs(line)
            lines = [*self.lines]
            lines[place - self._first] = "".join(piece.text for piece in shown)
            end = self.scroll_offset.y >= self.max_scroll_y
            self.set_lines(lines)
            if end:
                self.scroll_end(animate=False)

    def clear(self) -> None:
        self._text_lines = []
        self._first = 0
        self._places = {}
        self.set_lines([])

    def paint(self, number: int) -> Content:
        return Content.assemble(*((text, ROLE_STYLES[role]) for text, role in self._text_lines[number]))


def _without_tabs(line: TextLine) -> TextLine:
    return tuple(TextPiece(expand_tabs(piece.text), piece.role) for piece in line)


class RunPane(HostedPane):
    """Shows the current or last run: its file, output, changed keys and result."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    #run-status { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    #run-log { height: 1fr; }
    """

    file = ""
    """The file of the current or last run, as given; empty before the first."""

    def compose_body(self) -> ComposeResult:
        idle = f"{key_of('run_file')} chooses a Lua file, to run it on this agent or to check it."
        yield Static(Content(idle).stylize("$quiet"), id="run-status")
        yield RunLog(id="run-log")

    def on_loaded(self) -> None:
        self._what = ""
        self._doing = ""
        self._changed = 0
        self._began = 0.0
        self._check = False
        self.result: str | None = ""
        """The result of the last run; None during a run, empty before the first."""
        self._ticks: Timer = self.set_interval(1.0, self._tick, pause=True)

    @property
    def lines(self) -> list[str]:
        """The output of the run, as shown."""
        return self.query_one(RunLog).lines

    def begin(self, file: str, agent: str, *, check: bool = False) -> None:
        """Begin to show a new run, without the lines of the last one. ``check``: it only predicts."""
        self.query_one(RunLog).clear()
        self.file = file
        self._check = check
        self._what = f"{'check ' if check else ''}{display_text(file)} on {display_text(agent)}"
        self._doing, self._changed, self._began = "", 0, time.monotonic()
        self.result = None
        self._ticks.resume()
        self.entitle("checking" if check else "running", f"{key_of('stop_run')} stops it")
        self._tick()

    def add(self, lines: list[TextLine], number: int | None = None) -> None:
        """Append lines in the styles of their roles; ``number`` is that of the first one."""
        self.query_one(RunLog).add(lines, number)

    def rewrite(self, number: int, lines: list[TextLine]) -> None:
        """Write a line anew that is not at its end."""
        for line in lines:
            self.query_one(RunLog).rewrite(number, line)

    def note(self, task: str, changed: int) -> None:
        """Show which task runs now, and how many changes there are so far."""
        self._doing, self._changed = task, changed
        if self.result is None:
            self._tick()

    def end(
        self, result: str, duration: float, error: str | None = None, *, would_change: bool = False
    ) -> None:
        """Show that the run ended after ``duration`` seconds: ``result`` is the runner's word, ``error`` the
        reason in words, if its lines do not say it. ``would_change``: a check has found something that would
        change."""
        self._ticks.pause()
        self.result = result
        if error:
            self.query_one(RunLog).add([(TextPiece(display_text(error, _LINE_LIMIT), "bad"),)])
        mark, style = ("✓", "$success") if result == "done" else ("✗", "$error")
        if self._check and result == "done":
            mark, style = ("≠", "$warning") if would_change else (mark, style)
            result = "would change" if would_change else "as wanted"
        self._status(
            Content.assemble(
                (f"{mark} {result} ", style),
                (self._what, "bold"),
                (f"  {format_duration(duration)}{self._changes()}", "$quiet"),
            )
        )
        self.entitle(result)

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
