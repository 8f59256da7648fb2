"""A view of very many lines under a heading, with a cursor: moving, scrolling, clicking."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.widget import Widget

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Click, MouseEvent, Resize

_HEADING = 1


class RowView(ScrollView, can_focus=True):
    """Lines are numbered from 0; line 0 of the widget itself is the heading, which never scrolls away."""

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

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # theirs
        super().__init__(id=id, classes=classes)
        self._cursor = 0
        self._count = 0

    @property
    def cursor(self) -> int:
        """The line the cursor is on; 0 where there is none."""
        return self._cursor

    @property
    def count(self) -> int:
        """How many lines there are."""
        return self._count

    @property
    def top(self) -> int:
        """The first line on screen."""
        return self.scroll_offset.y

    @property
    def lines_on_screen(self) -> int:
        return max(self.scrollable_content_region.height - _HEADING, 0)

    def move_to(self, line: int) -> None:
        """Put the cursor on a line, or on the nearest there is, and bring it on screen."""
        before, self._cursor = self._cursor, min(max(line, 0), max(self._count - 1, 0))
        self._bring_on_screen(self._cursor)
        if before != self._cursor:
            self.refresh_lines_at(before, self._cursor)
        self.cursor_moved()

    def refresh_lines_at(self, *lines: int) -> None:
        """Draw these lines again, where they are on screen."""
        width, height = self.size.width, self.lines_on_screen
        regions = [
            Region(0, line - self.top + _HEADING, width, 1) for line in lines if 0 <= line - self.top < height
        ]
        if regions:
            self.refresh(*regions)

    def cursor_moved(self) -> None:
        """The cursor was put on a line, maybe the one it was on."""

    def lines_moved(self) -> None:
        """Other lines may be on screen."""

    def line_chosen(self) -> None:
        """Enter on the line under the cursor, or a click on it."""

    def heading_clicked(self, x: int) -> None:
        """A click on this cell of the heading."""

    def action_move(self, by: int) -> None:
        self.move_to(self._cursor + by)

    def action_move_page(self, pages: float) -> None:
        """Scroll by so much; the cursor stays where it is on the screen."""
        by = int(pages * max(self.lines_on_screen, 1))
        self.scroll_to(y=self.top + by, animate=False)
        self.move_to(self._cursor + by)

    def action_move_to_start(self) -> None:
        self.move_to(0)

    def action_move_to_end(self) -> None:
        self.move_to(self._count - 1)

    def action_choose(self) -> None:
        self.line_chosen()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.lines_moved()

    def on_resize(self, event: Resize) -> None:
        self._fit()
        self._bring_on_screen(self._cursor)
        self.lines_moved()

    def line_at(self, event: MouseEvent) -> int | None:
        """The line under the pointer; None beside the lines."""
        offset = event.get_content_offset(self)
        if offset is None or offset.x >= self.scrollable_content_region.width or offset.y < _HEADING:
            return None
        line = self.top + offset.y - _HEADING
        return line if line < self._count else None

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.x >= self.scrollable_content_region.width:
            return
        event.stop()
        if offset.y < _HEADING:
            self.heading_clicked(offset.x)
            return
        line = self.line_at(event)
        if line is not None:
            again = line == self._cursor
            self.move_to(line)
            if again and event.chain > 1:
                self.line_chosen()

    def set_count(self, count: int) -> None:
        """There are so many lines now; the cursor stays within them."""
        self._count = count
        self._cursor = min(self._cursor, max(count - 1, 0))
        self._fit()

    def shift_by(self, lines: int) -> None:
        """What is under the cursor has moved by so many lines: follow it, without moving on the screen. A
        view of the very beginning goes on to show it, and what is new there."""
        before, self._cursor = self._cursor, min(max(self._cursor + lines, 0), max(self._count - 1, 0))
        self.refresh_lines_at(before, self._cursor)
        if self.top:
            self.scroll_to(y=self.top + lines, animate=False)
        self._bring_on_screen(self._cursor)

    def _fit(self) -> None:
        """Tell the scroll bar how long the view is. Not by assignment to ``virtual_size``: that would lay out
        the whole screen anew, which depends on nothing here."""
        size = Size(self.scrollable_content_region.width, self._count + _HEADING)
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self.vertical_scrollbar.window_virtual_size = size.height
            self.scroll_y = self.validate_scroll_y(self.scroll_y)

    def _bring_on_screen(self, line: int) -> None:
        height = self.lines_on_screen
        if height and not self.top <= line < self.top + height:
            self.scroll_to(y=line if line < self.top else line - height + 1, animate=False)
