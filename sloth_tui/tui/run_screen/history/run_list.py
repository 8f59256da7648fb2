"""The list of runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip

from sloth_tui.tui.run_screen.history.run_table import RunTable
from sloth_tui.tui.widgets.cursor_view import CursorView

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.content import Content
    from textual.events import Resize

    from sloth_tui.runs.model import Run


class RunList(CursorView):
    """Lists runs, newest first. The cursor stays on its run while others come and go."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Show", show=False)]

    class Walked(Message):
        """Another run is under the cursor, or it is another than before."""

    class Chosen(Message):
        """A run was chosen."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._runs: list[Run] = []
        self._table = RunTable([], 80)

    @property
    def highlighted(self) -> Run | None:
        """The run under the cursor."""
        return self._runs[self.cursor] if self.cursor < len(self._runs) else None

    def show(self, runs: list[Run]) -> None:
        """List these runs."""
        on = self.highlighted
        self._runs = runs
        self._table = RunTable(runs, self.scrollable_content_region.width or 80)
        top = self.scroll_offset.y
        self.set_lines([""] * len(runs))
        ids = [run.id for run in runs]
        place = ids.index(on.id) if on is not None and on.id in ids else self.cursor
        if place != self.cursor or not runs:
            top += place - self.cursor
        self.scroll_to(y=max(top, 0), animate=False)
        self.walk_to(place)
        self.post_message(self.Walked())

    def heading(self) -> Content:
        """Return the titles of the columns."""
        return self._table.heading()

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self._table = RunTable(self._runs, self.scrollable_content_region.width or 80)
        self.post_message(self.Walked())

    def paint(self, number: int) -> Content:
        return self._table.line(self._runs[number], time.time())

    def render_line(self, y: int) -> Strip:
        row = y + self.scroll_offset.y
        ground = self.ground(row) if row < len(self._runs) else self.visual_style
        if row >= len(self._runs):
            return Strip.blank(self.size.width, ground.rich_style)
        segments = self.paint(row).render_segments(ground)
        return Strip(segments).adjust_cell_length(self.size.width, ground.rich_style)

    def walked(self) -> None:
        self.post_message(self.Walked())

    def clicked(self, *, again: bool) -> None:
        if again:
            self.action_choose()

    def action_choose(self) -> None:
        if self.highlighted is not None:
            self.post_message(self.Chosen())
