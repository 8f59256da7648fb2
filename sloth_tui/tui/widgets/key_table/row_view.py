"""A view of very many lines with a heading and a cursor: moving, scrolling, clicking."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.widget import Widget

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType
    from textual.events import Click, MouseEvent, Resize

_HEADING_LINES = 1


class Listener(NamedTuple):
    """The callbacks of a view, called at once."""

    cursor_moved: Callable[[], None]
    """The cursor was put on a line, perhaps the same one."""
    lines_moved: Callable[[], None]
    """Other lines may be on screen."""
    line_chosen: Callable[[], None]
    """Enter, or a second click, on the cursor's line."""
    heading_clicked: Callable[[int], None]
    """A click on this cell of the heading."""


class RowView(ScrollView, can_focus=True):
    """Shows numbered lines, from 0; row 0 of the widget is the heading, which does not scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup,ctrl+b", "move_page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f", "move_page(1)", "Page down", show=False),
        Binding("ctrl+u", "move_page(-0.5)", "Half a page up", show=False),
        Binding("ctrl+d", "move_page(0.5)", "Half a page down", show=False),
        Binding("home,g", "move_to_start", "First", show=False),
        Binding("end,G", "move_to_end", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]
    DEFAULT_CSS = """
    RowView { overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    def __init__(self, listener: Listener, *, id: str | None, classes: str | None) -> None:  # noqa: A002  # theirs
        super().__init__(id=id, classes=classes)
        self._listener = listener
        self._cursor = 0
        self._count = 0

    @property
    def cursor(self) -> int:
        """The cursor's line; 0 if there are no lines."""
        return self._cursor

    @property
    def count(self) -> int:
        """The number of lines."""
        return self._count

    @property
    def top(self) -> int:
        """The first line on screen."""
        return self.scroll_offset.y

    @property
    def lines_on_screen(self) -> int:
        return max(self.scrollable_content_region.height - _HEADING_LINES, 0)

    def move_to(self, line: int) -> None:
        """Put the cursor on a line, or on the nearest one, and scroll to it."""
        before, self._cursor = self._cursor, min(max(line, 0), max(self._count - 1, 0))
        self._bring_on_screen(self._cursor)
        if before != self._cursor:
            self.refresh_lines_at(before, self._cursor)
        self._listener.cursor_moved()

    def refresh_lines_at(self, *lines: int) -> None:
        """Redraw those of these lines that are on screen."""
        width, height = self.size.width, self.lines_on_screen
        regions = [
            Region(0, line - self.top + _HEADING_LINES, width, 1)
            for line in lines
            if 0 <= line - self.top < height
        ]
        if regions:
            self.refresh(*regions)

    def action_move(self, by: int) -> None:
        self.move_to(self._cursor + by)

    def action_move_page(self, pages: float) -> None:
        """Scroll by this many pages; the cursor keeps its place on the screen."""
        by = int(pages * max(self.lines_on_screen, 1))
        self.scroll_to(y=self.top + by, animate=False)
        self.move_to(self._cursor + by)

    def action_move_to_start(self) -> None:
        self.move_to(0)

    def action_move_to_end(self) -> None:
        self.move_to(self._count - 1)

    def action_choose(self) -> None:
        self._listener.line_chosen()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._listener.lines_moved()

    def on_resize(self, event: Resize) -> None:
        self._fit()
        self._bring_on_screen(self._cursor)
        self._listener.lines_moved()

    def line_at(self, event: MouseEvent) -> int | None:
        """Return the line under the pointer; None if there is none."""
        offset = event.get_content_offset(self)
        if offset is None or offset.x >= self.scrollable_content_region.width or offset.y < _HEADING_LINES:
            return None
        line = self.top + offset.y - _HEADING_LINES
        return line if line < self._count else None

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.x >= self.scrollable_content_region.width:
            return
        event.stop()
        if offset.y < _HEADING_LINES:
            self._listener.heading_clicked(offset.x)
            return
        line = self.line_at(event)
        if line is not None:
            again = line == self._cursor
            self.move_to(line)
            if again and event.chain > 1:
                self._listener.line_chosen()

    def set_count(self, count: int) -> None:
        """Set the number of lines; the cursor stays within them."""
        self._count = count
        self._cursor = min(self._cursor, max(count - 1, 0))
        self._fit()

    def shift_by(self, lines: int) -> None:
        """Follow the cursor's row, which has moved by this many lines, without moving it on the screen. A
        view at the very top stays there and shows new rows."""
        before, self._cursor = self._cursor, min(max(self._cursor + lines, 0), max(self._count - 1, 0))
        self.refresh_lines_at(before, self._cursor)
        if self.top:
            self.scroll_to(y=self.top + lines, animate=False)
        self._bring_on_screen(self._cursor)

    def _fit(self) -> None:
        """Set the length of the scroll bar. Assignment to ``virtual_size`` would lay out the whole screen,
        which does not depend on it."""
        size = Size(self.scrollable_content_region.width, self._count + _HEADING_LINES)
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
            self.scroll_y = self.validate_scroll_y(self.scroll_y)

    def _bring_on_screen(self, line: int) -> None:
        height = self.lines_on_screen
        if height and not self.top <= line < self.top + height:
            self.scroll_to(y=line if line < self.top else line - height + 1, animate=False)
