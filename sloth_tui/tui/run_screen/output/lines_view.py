"""The widget that draws lines of the output."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from rich.segment import Segment
from textual.binding import Binding
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from sloth_tui.tui.run_screen.output.finding import TooSlow
from sloth_tui.tui.run_screen.output.paging import Paging
from sloth_tui.tui.run_screen.output.painted import PaintedLine, mark, paint, rows_of
from sloth_tui.tui.run_screen.output.selection import Scope, Selection
from sloth_tui.tui.run_screen.output.styling import Styling
from sloth_tui.tui.services.run_output.buffer import OutputBuffer

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Click, MouseScrollDown, MouseScrollUp
    from textual.style import Style as VisualStyle

    from sloth_tui.tui.run_screen.output.finding import Wanted
    from sloth_tui.tui.run_screen.output.paging import Row
    from sloth_tui.tui.services.run_output.lines import OutputLine

_Known: TypeAlias = tuple[PaintedLine, list[tuple[int, int]]]
"""A line as it is drawn, and start and end of its rows."""
_FAR = 1_000_000_000
_WHEEL_ROWS = 3
_CACHED_CHARACTERS = 1 << 20
"""Characters of lines that are kept as they are drawn."""


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
        Binding("up,k", "walk(-1)", "Line up", show=False),
        Binding("down,j", "walk(1)", "Line down", show=False),
        Binding("pageup,ctrl+b,ctrl+u", "walk_page(-1)", "Page up", show=False),
        Binding("pagedown,ctrl+f,ctrl+d", "walk_page(1)", "Page down", show=False),
        Binding("home,g", f"walk(-{_FAR})", "First line", show=False),
        Binding("end,G", f"walk({_FAR})", "Last line, and follow", show=False),
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
        self.wraps = True
        self.marked: Wanted | None = None
        """What is searched for."""
        self.paging = Paging(Selection(self.buffer), self._count_rows)
        self._point = 0
        self._shift = 0
        self._rows: list[Row] = []
        self.kept: dict[int, _Known] = {}
        """Lines as they are drawn, by their numbers."""
        self._characters = 0
        self._styling: Styling | None = None

    # What is shown.

    def show(self, buffer: OutputBuffer) -> None:
        """Show another run, from its end."""
        self.buffer = buffer
        self.paging = Paging(Selection(buffer), self._count_rows)
        self._shift = 0
        self._forget()
        self.grow()

    def select(self, scope: Scope) -> None:
        """Show these lines only."""
        self.paging.select(Selection(self.buffer, scope))

    def grow(self) -> bool:
        """Show what is new in the buffer; return True if there is more to look at. Raises TooSlow."""
        self._point, rewritten = self.buffer.rewritten(self._point)
        for number in rewritten:
            self.kept.pop(number, None)
        more = self.paging.selection.advance()
        self.redraw()
        return more

    def redraw(self) -> None:
        """Draw what is on screen."""
        self.paging.height = max(self.size.height, 1)
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
        if by == -_FAR:
            self.paging.home()
        else:
            self.paging.move(by)
        self.redraw()

    def action_walk_page(self, by: int) -> None:
        self.paging.page(by)
        self.redraw()

    def action_shift(self, by: int) -> None:
        if not self.wraps:
            self._shift = max(self._shift + by * max(self.size.width // 2, 1), 0)
            self._forget()
            self.redraw()

    def action_choose(self) -> None:
        line = self.line
        if line is not None:
            self.post_message(self.Chosen(line))

    def mark(self, wanted: Wanted | None) -> None:
        """Mark where this is found."""
        self.marked = wanted
        self._forget()
        self.redraw()

    def wrap(self, *, wraps: bool) -> None:
        """Wrap long lines, or cut them at the edge."""
        self.wraps, self._shift = wraps, 0
        self._forget()
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
        self._forget()
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
        known = self._known(number)
        if known is None:
            return Strip.blank(width, base.rich_style)
        painted, rows = known
        start, end = rows[min(row, len(rows) - 1)]
        strip = Strip(self._segments(painted, start, end, base))
        if not self.wraps:
            longer = not painted.complete or strip.cell_length > self._shift + width
            strip = strip.crop(self._shift, self._shift + width)
            if longer:
                more = Segment("…", self._styles.style("quiet", base))
                strip = Strip([*strip.crop(0, width - 1), more])
        return strip.adjust_cell_length(width, base.rich_style)

    def _known(self, number: int) -> _Known | None:
        """Return a line as it is drawn; None if it is not kept any more."""
        found = self.kept.get(number)
        if found is None:
            lines = self.buffer.lines(number, number + 1)
            if not lines:
                return None
            painted = paint(lines[0], None if self.wraps else self._shift + self.size.width + 1)
            painted = mark(painted, self._places(painted.text))
            text = painted.text
            found = painted, (rows_of(text, self.size.width) if self.wraps else [(0, len(text))])
            if self._characters + len(text) > _CACHED_CHARACTERS:
                self._forget()
            self._characters += len(text) + 1
            self.kept[number] = found
        return found

    def _places(self, text: str) -> list[tuple[int, int]]:
        if self.marked is None:
            return []
        try:
            with self.marked.limit():
                return self.marked.spans(text)
        except TooSlow:
            self.marked = None
            return []

    def _count_rows(self, number: int) -> int:
        known = self._known(number) if self.wraps else None
        return 1 if known is None else len(known[1])

    def _forget(self) -> None:
        self.kept.clear()
        self._characters = 0

    def _segments(self, painted: PaintedLine, start: int, end: int, base: VisualStyle) -> list[Segment]:
        text, at, segments = painted.text, start, []
        plain = base.rich_style
        spans = painted.spans
        for number in range(max(bisect_right(spans, (start,)) - 1, 0), len(spans)):
            first, last, style = spans[number]
            if first >= end:
                break
            first, last = max(first, at), min(last, end)
            if first >= last:
                continue
            if first > at:
                segments.append(Segment(text[at:first], plain))
            segments.append(Segment(text[first:last], self._styles.style(style, base)))
            at = last
        if at < end:
            segments.append(Segment(text[at:end], plain))
        return segments

    @property
    def _styles(self) -> Styling:
        if self._styling is None:
            self._styling = Styling(self.app)
        return self._styling
