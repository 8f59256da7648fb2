"""The widget that draws lines of the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from sloth_tui.tui.run_screen.output.line_cache import LineCache
from sloth_tui.tui.run_screen.output.paging import Paging
from sloth_tui.tui.run_screen.output.selection import Scope, Selection
from sloth_tui.tui.run_screen.output.styling import Styling
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from sloth_tui.tui.widgets.vi_keys import FAR, WALKING

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Click, MouseScrollDown, MouseScrollUp

    from sloth_tui.tui.run_screen.output.finding import Wanted
    from sloth_tui.tui.run_screen.output.paging import Row
    from sloth_tui.tui.services.run_output.lines import OutputLine

_WHEEL_ROWS = 3


class LinesView(Widget, can_focus=True):
    """Draws the lines of a buffer that are in sight, and nothing for the others."""

    DEFAULT_CSS = """
    LinesView { height: 1fr; width: 1fr; }
    LinesView > .lines--cursor { background: $block-cursor-blurred-background; }
    LinesView:focus > .lines--cursor { background: $block-cursor-background; }
    LinesView:nocolor > .lines--cursor { text-style: underline; }
    LinesView:focus:nocolor > .lines--cursor { text-style: bold underline; }
    LinesView:ansi > .lines--cursor { text-style: underline; }
    LinesView:focus:ansi > .lines--cursor { text-style: bold underline; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        *WALKING,
        Binding("end,G", f"walk({FAR})", "Last line, and follow", show=False),
        Binding("left,h", "shift(-1)", "Left", show=False),
        Binding("right,l", "shift(1)", "Right", show=False),
        Binding("enter", "choose", "Go there", show=False),
    ]

    class Moved(Message):
        """What is on screen, or the cursor, is another than before."""

    class Chosen(Message):
        """A line was chosen."""

        def __init__(self, line: OutputLine) -> None:
            super().__init__()
            self.line = line

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self.buffer = OutputBuffer()
        self.cache = LineCache(self.buffer)
        self.paging = Paging(Selection(self.buffer), self.cache.count_rows)
        self._rows: list[Row] = []
        self._styling: Styling | None = None

    # What is shown.

    def show(self, buffer: OutputBuffer) -> None:
        """Show another run, from its end."""
        self.buffer = buffer
        before, self.cache = self.cache, LineCache(buffer, wraps=self.cache.wraps)
        self.cache.marked = before.marked
        self.paging = Paging(Selection(buffer), self.cache.count_rows)
        self.grow()

    def select(self, scope: Scope) -> None:
        """Show these lines only."""
        self.paging.select(Selection(self.buffer, scope))

    def grow(self) -> bool:
        """Show what is new in the buffer; return True if there is more to look at. Raises TooSlow."""
        self.cache.forget_rewritten()
        more = self.paging.selection.advance()
        self.redraw()
        return more

    def redraw(self) -> None:
        """Draw what is on screen."""
        self.paging.height = max(self.size.height, 1)
        self.cache.fit(max(self.size.width, 1))
        self._rows = self.paging.rows()
        self.refresh()
        self.post_message(self.Moved())

    @property
    def line(self) -> OutputLine | None:
        """The line under the cursor."""
        return self.line_at(self.paging.place)

    def line_at(self, place: int) -> OutputLine | None:
        """Return the line at a place; None if it is not there any more."""
        try:
            number = self.paging.selection.number_at(place)
        except IndexError:
            return None
        return next(iter(self.buffer.lines(number, number + 1)), None)

    def all_lines(self) -> list[OutputLine]:
        """Return every line that is shown, on screen or not."""
        lines = map(self.line_at, range(self.paging.selection.count))
        return [line for line in lines if line is not None]

    # Keys and the mouse.

    def action_walk(self, by: int) -> None:
        if by == -FAR:
            self.paging.home()
        else:
            self.paging.move(by)
        self.redraw()

    def action_walk_page(self, by: int) -> None:
        self.paging.page(by)
        self.redraw()

    def action_shift(self, by: int) -> None:
        if not self.cache.wraps:
            self.cache.shift = max(self.cache.shift + by * max(self.size.width // 2, 1), 0)
            self._draw_anew()

    def action_choose(self) -> None:
        line = self.line
        if line is not None:
            self.post_message(self.Chosen(line))

    def follow(self, *, follows: bool) -> None:
        """Follow the end, or stay here."""
        if follows:
            self.paging.end()
        else:
            self.paging.pause()
        self.redraw()

    def mark(self, wanted: Wanted | None) -> None:
        """Mark where this is found."""
        self.cache.marked = wanted
        self._draw_anew()

    def wrap(self, *, wraps: bool) -> None:
        """Wrap long lines, or cut them at the edge."""
        self.cache.wraps, self.cache.shift = wraps, 0
        self._draw_anew()

    def _draw_anew(self) -> None:
        self.cache.clear()
        self.redraw()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.paging.scroll(_WHEEL_ROWS)
        self.redraw()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.paging.scroll(-_WHEEL_ROWS)
        self.redraw()

    def on_click(self, event: Click) -> None:
        if event.y < len(self._rows):
            number = self._rows[event.y].number
            again = number == self.paging.cursor and event.chain > 1
            self.paging.go_to_place(self.paging.selection.place_of(number))
            self.redraw()
            if again:
                self.action_choose()

    def on_resize(self) -> None:
        self.redraw()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styling = None

    # Drawing.

    def render_line(self, y: int) -> Strip:
        base, width = self.visual_style, self.size.width
        if y >= len(self._rows):
            return Strip.blank(width, base.rich_style)
        number, row = self._rows[y]
        if number == self.paging.cursor:
            base += self.get_visual_style("lines--cursor")
        drawn = self.cache.line(number)
        if drawn is None:
            return Strip.blank(width, base.rich_style)
        painted, rows = drawn
        start, end = rows[min(row, len(rows) - 1)]
        strip = Strip(self._styles.segments(painted, start, end, base))
        if not self.cache.wraps:
            shift = self.cache.shift
            longer = not painted.complete or strip.cell_length > shift + width
            strip = strip.crop(shift, shift + width)
            if longer:
                more = Segment("…", self._styles.style("quiet", base))
                strip = Strip([*strip.crop(0, width - 1), more])
        return strip.adjust_cell_length(width, base.rich_style)

    @property
    def _styles(self) -> Styling:
        if self._styling is None:
            self._styling = Styling(self.app)
        return self._styling
