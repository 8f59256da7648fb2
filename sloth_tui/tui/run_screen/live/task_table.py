"""The tasks of a run, each with its hosts: state, time, changes and last line."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from sloth_tui.text import display_text, format_count, format_duration
from sloth_tui.tui.services.runs.progress import BAD, RUNNING, WAITING
from sloth_tui.tui.widgets.cursor_view import CursorView
from sloth_tui.tui.widgets.dock.table_layout import TableColumn, TableLayout

if TYPE_CHECKING:
    from sloth_tui.tui.services.runs.progress import TaskProgress
    from sloth_tui.tui.services.runs.watched import WatchedRun

_STATES = {
    WAITING: ("· waiting", "$quiet"),
    RUNNING: ("▶ running", "$primary"),
    "done": ("✓ done", "$success"),
    "failed": ("✗ failed", "bold $error"),
    "timeout": ("✗ too late", "bold $error"),
    "cancelled": ("✗ cancelled", "bold $error"),
    "skipped": ("- skipped", "$warning"),
}
_STATE_CELLS = 11
_TIME_CELLS = 7
_NAME_CELLS = 32
_LINE_CELLS = 400


class TaskTable(CursorView):
    """A line for the whole run, and one for each task and host. Only lines in sight are looked at."""

    DEFAULT_CSS = """
    TaskTable { height: 3; overflow-x: hidden; }
    """

    class Chosen(Message):
        """The cursor has moved to a task; None: to the line of all of them."""

        def __init__(self, task: TaskProgress | None) -> None:
            super().__init__()
            self.task = task

    class Entered(Message):
        """Enter was pressed on a task, or it was clicked again; None: on the line of all of them."""

        def __init__(self, task: TaskProgress | None) -> None:
            super().__init__()
            self.task = task

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._bindings.bind("enter", "enter", "Open", show=False)
        self._run: WatchedRun | None = None
        self._tasks: list[TaskProgress] = []
        self._layout: TableLayout | None = None
        self._laid_out_for: tuple[int, int] = (-1, -1)

    @property
    def chosen(self) -> TaskProgress | None:
        """The task under the cursor; None on the line of all of them."""
        return self._tasks[self.cursor - 1] if 0 < self.cursor <= len(self._tasks) else None

    def show(self, run: WatchedRun | None) -> None:
        """Show the tasks of another run."""
        self._run = run
        self._tasks, self._laid_out_for = [], (-1, -1)
        self.walk_to(0)
        self.grow()

    def grow(self) -> None:
        """Show how far the run is now; the cursor stays on its task."""
        before = self.chosen
        self._tasks = [] if self._run is None else self._run.progress.tasks
        if len(self.lines) != len(self._tasks) + 1:
            self.set_lines([""] * (len(self._tasks) + 1))
        if before is not None and (now := self.chosen) is not None:
            places = (one.task == before.task and one.host == before.host for one in self._tasks)
            if (now.task, now.host) != (before.task, before.host):
                self.walk_to(next((place for place, same in enumerate(places, 1) if same), 0))
        self.refresh()

    def walked(self) -> None:
        self.post_message(self.Chosen(self.chosen))

    def clicked(self, *, again: bool) -> None:
        if again:
            self.action_enter()

    def action_enter(self) -> None:
        self.post_message(self.Entered(self.chosen))

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        ground = self.ground(row) if row < len(self.lines) else self.visual_style
        if row >= len(self.lines) or self._run is None:
            return Strip.blank(self.size.width, ground.rich_style)
        line = self._whole() if row == 0 else self._line(self._tasks[row - 1])
        return Strip(line.render_segments(ground)).adjust_cell_length(self.size.width, ground.rich_style)

    def _columns(self) -> TableLayout:
        room = self.scrollable_content_region.width
        if self._layout is None or self._laid_out_for != (room, len(self._tasks)):
            self._laid_out_for = room, len(self._tasks)
            name = max([cell_len(display_text(one.task, _NAME_CELLS)) for one in self._tasks[:500]] + [9])
            hosts = [one.host for one in self._tasks if one.host is not None]
            host = max([cell_len(display_text(one, _NAME_CELLS)) for one in hosts[:500]], default=0)
            columns = {
                "state": TableColumn("state", _STATE_CELLS, required=True),
                "task": TableColumn("task", name, min_width=8, required=True),
                "host": TableColumn("host", host, min_width=6),
                "time": TableColumn("time", _TIME_CELLS, right=True),
                "changes": TableColumn("changes", 10),
                "last": TableColumn("last line", 8, min_width=8),
            }
            if not host:
                del columns["host"]
            order = [one for one in ("state", "task", "host", "time", "last", "changes") if one in columns]
            self._layout = TableLayout(columns, order, room)
            self._layout.widen("last", _LINE_CELLS)
        return self._layout

    def _line(self, one: TaskProgress) -> Content:
        assert self._run is not None
        state = _STATES.get(one.state, (one.state, "$foreground"))
        if one.up_to_date:
            state = ("✓ as it was", "$success")
        elif self._run.run.check and one.state == "done":
            state = ("≠ changes", "$warning") if one.changed else ("✓ as wanted", "$success")
        passed = one.duration
        if one.state == RUNNING and one.began is not None:
            passed = float(int(max(time.time() - one.began, 0.0)))
        last = (display_text(one.error, _LINE_CELLS), "$error") if one.error else None
        return self._columns().line(
            {
                "state": state,
                "task": (one.task, "bold" if one.state == RUNNING else ""),
                "host": (one.host or "", "$secondary"),
                "time": (
                    "" if passed is None or one.state == "skipped" else format_duration(passed),
                    "$quiet",
                ),
                "changes": (format_count(one.changed, "change") if one.changed else "", "$secondary"),
                "last": last or (self._run.progress.last_line(one.task, one.host), "$quiet"),
            }
        )

    def _whole(self) -> Content:
        """Return the line of all tasks: how many are where."""
        if not self._tasks:
            return Content("all output").stylize("$quiet")
        states = [one.state for one in self._tasks]
        ended = sum(state not in (WAITING, RUNNING) for state in states)
        parts: list[tuple[str, str] | str] = [f"{format_count(len(states), 'task')}: {ended:,} ended"]
        if running := states.count(RUNNING):
            parts.append((f", {running:,} running", "$primary"))
        parts += [
            (f", {number:,} {'too late' if bad == 'timeout' else bad}", "$error")
            for bad in BAD
            if (number := states.count(bad))
        ]
        return Content.assemble(*parts)
