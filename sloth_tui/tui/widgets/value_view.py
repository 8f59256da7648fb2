"""A scrollable view of one value, drawn line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from sloth_tui.tui.widgets.value_text import folds, highlight

if TYPE_CHECKING:
    from textual.events import Resize


class ValueView(ScrollView, can_focus=True):
    """Folds long lines at its width; only lines in sight are coloured and drawn."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._lines: list[str] = []
        self._kind = "string"
        self._pieces: list[tuple[int, int, int]] = []

    @property
    def lines(self) -> list[str]:
        """The harmless lines on show, before folding."""
        return self._lines

    def show(self, lines: list[str], kind: str) -> None:
        """Show harmless ``lines`` of a value of type ``kind``."""
        self._lines, self._kind = lines, kind
        self._fold()
        self.refresh()

    def on_resize(self, event: Resize) -> None:
        self._fold()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.refresh()

    def _fold(self) -> None:
        width = max(self.scrollable_content_region.width, 1)
        self._pieces = [
            (number, start, end)
            for number, line in enumerate(self._lines)
            for start, end in folds(line, width)
        ]
        self.virtual_size = Size(width, len(self._pieces))

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        base = self.visual_style
        row = y + self.scroll_offset.y
        if row >= len(self._pieces):
            return Strip.blank(width, base.rich_style)
        number, start, end = self._pieces[row]
        line = highlight(self._lines[number], self._kind)
        if (start, end) != (0, len(line.plain)):
            line = line[start:end]
        strip = Strip(line.render_segments(base))
        return strip.adjust_cell_length(width, base.rich_style)
