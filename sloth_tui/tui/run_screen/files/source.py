"""The source of a task file, with line numbers and the colours of Lua."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip

from sloth_tui.tui.widgets.cursor_view import CursorView

if TYPE_CHECKING:
    from sloth_tui.tui.run_screen.files.colours import Spans

_LEAST_DIGITS = 3
_EDGE = 1
"""Blank cells after a line number."""


class SourceView(CursorView):
    """Shows a text; its cursor is a line. Colours may come later than the text."""

    DEFAULT_CSS = """
    SourceView > .source--number { color: $quiet; }
    SourceView > .source--here { color: $primary; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"source--number", "source--here"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._spans: Spans = {}

    def show(self, lines: list[str], *, afresh: bool) -> None:
        """Show these lines. ``afresh``: it is another file; else the place is kept."""
        top = 0 if afresh else self.scroll_offset.y
        self._spans = {}
        self._cursor = 0 if afresh else max(min(self._cursor, len(lines) - 1), 0)
        self.set_lines(lines)
        self.scroll_to(y=top, animate=False, immediate=True)

    def colour(self, spans: Spans) -> None:
        """Colour the lines."""
        self._spans = spans
        self.refresh()

    def go_to(self, line: int) -> None:
        """Put the cursor on a line, counted from 1, with some of its surroundings in view."""
        self.walk_to(line - 1)
        first, _ = self.rows_of(self.cursor)
        self.scroll_to(y=max(first - self.size.height // 3, 0), animate=False, immediate=True)

    def paint(self, number: int) -> Content:
        return Content(self.lines[number], self._spans.get(number))

    def render_line(self, y: int) -> Strip:
        """Draw a line behind its number."""
        row, gutter = y + self.scroll_offset.y, self._gutter()
        strip = super().render_line(y).crop(0, max(self.size.width - gutter, 0))
        if row >= len(self._pieces):
            base = self.visual_style.rich_style
            return Strip([Segment(" " * gutter, base), *strip], self.size.width)
        number, start, _ = self._pieces[row]
        name = "source--here" if number == self.cursor else "source--number"
        style = (self.ground(number) + self.get_visual_style(name, partial=True)).rich_style
        text = str(number + 1) if start == 0 else "·"
        return Strip([Segment(f"{text:>{gutter - _EDGE}}" + " " * _EDGE, style), *strip], self.size.width)

    def _gutter(self) -> int:
        """Return the cells before a line."""
        return max(len(str(len(self.lines))), _LEAST_DIGITS) + _EDGE

    def _room(self) -> int:
        return max(super()._room() - self._gutter(), 1)
