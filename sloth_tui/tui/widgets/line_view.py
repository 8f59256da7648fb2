"""A scrollable view of lines that wrap at the edge, drawn one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import get_character_cell_size
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from sloth_tui.tui.widgets.vi_keys import SCROLLING

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Resize
    from textual.style import Style


class LineView(ScrollView, can_focus=True):
    """Wraps lines at its width; only visible lines are coloured and drawn.

    Lines are harmless text (see :func:`sloth_tui.text.display_text`) without line feeds.
    """

    DEFAULT_CSS = """
    LineView {
        background: transparent;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
        overflow-y: auto;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*SCROLLING]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._lines: list[str] = []
        self._pieces: list[tuple[int, int, int]] = []
        """For each wrapped row: the number of its line, and start and end in it."""
        self._width = 0
        self._followed_to: int | None = None
        """The offset to which this view followed the lines that were added last; None if it did not."""

    @property
    def lines(self) -> list[str]:
        """The lines, before wrapping."""
        return self._lines

    def set_lines(self, lines: list[str]) -> None:
        self._lines = lines
        self._followed_to = None
        self._fold_all()

    def append_lines(self, lines: list[str]) -> None:
        """Add lines at the end; a view that shows the end follows it."""
        follows = self._follows() or self.scroll_offset.y >= self.max_scroll_y
        first = len(self._lines)
        self._lines += lines
        self._fold(first)
        self._keep_end(follows)

    def paint(self, number: int) -> Content:
        """Return the line of this number in its colours."""
        return Content(self._lines[number])

    def ground(self, number: int) -> Style:
        """Return the background of the line of this number, up to the edge."""
        return self.visual_style

    def line_at(self, y: int) -> int | None:
        """Return the number of the line drawn in row ``y`` of the view; None below the last one."""
        row = y + self.scroll_offset.y
        return self._pieces[row][0] if 0 <= row < len(self._pieces) else None

    def rows_of(self, number: int) -> tuple[int, int]:
        """Return the first row of a line and its number of rows."""
        rows = [row for row, piece in enumerate(self._pieces) if piece[0] == number]
        return (rows[0], len(rows)) if rows else (0, 0)

    def on_resize(self, event: Resize) -> None:
        self._refold()

    def watch_show_vertical_scrollbar(self) -> None:
        """Wrap anew: the scroll bar takes a column, and this view is not told as if its size had changed."""
        self._refold()

    def _refold(self) -> None:
        follows = self._follows()
        if self._room() != self._width:
            self._fold_all()
        self._keep_end(follows)

    def _follows(self) -> bool:
        """Return True if it followed the last lines, and no one has scrolled back since."""
        return self._followed_to is not None and self.scroll_offset.y >= self._followed_to

    def _keep_end(self, follows: bool) -> None:
        if follows:
            self.scroll_end(animate=False, immediate=True)
        self._followed_to = self.scroll_offset.y if follows else None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        base = self.visual_style
        row = y + self.scroll_offset.y
        if row >= len(self._pieces):
            return Strip.blank(self.size.width, base.rich_style)
        number, start, end = self._pieces[row]
        base = self.ground(number)
        line = self.paint(number)
        if (start, end) != (0, len(line.plain)):
            line = line[start:end]
        return Strip(line.render_segments(base)).adjust_cell_length(self.size.width, base.rich_style)

    def _room(self) -> int:
        return max(self.scrollable_content_region.width, 1)

    def _fold_all(self) -> None:
        self._pieces = []
        self._width = self._room()
        self._fold(0)

    def _fold(self, first: int) -> None:
        for number in range(first, len(self._lines)):
            self._pieces += [(number, start, end) for start, end in folds(self._lines[number], self._width)]
        self._fit(Size(self._width, len(self._pieces)))
        self.refresh()

    def _fit(self, size: Size) -> None:
        """Set the size; lay out the screen only if a scroll bar appears or disappears."""
        room = self.scrollable_content_region.height
        if not room or (size.height > room) != self.show_vertical_scrollbar:
            self.virtual_size = size
        elif size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
            self.scroll_y = self.validate_scroll_y(self.scroll_y)


def folds(line: str, width: int) -> list[tuple[int, int]]:
    """Return where ``line`` wraps to fit ``width`` cells: (start, end) of each piece, in characters."""
    if line.isascii():
        return [(start, min(start + width, len(line))) for start in range(0, len(line), width)] or [(0, 0)]
    pieces, start, used = [], 0, 0
    for place, character in enumerate(line):
        # The emoji variation selector may widen the character before it.
        cells = 1 if character == "\ufe0f" else get_character_cell_size(character)
        if used + cells > width and place > start:
            pieces.append((start, place))
            start, used = place, 0
        used += cells
    return [*pieces, (start, len(line))]
