"""A view of lines with a cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from sloth_tui.tui.widgets.line_view import LineView
from sloth_tui.tui.widgets.vi_keys import FAR, WALKING

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Click
    from textual.style import Style


class CursorView(LineView):
    """The cursor moves by arrows, vi keys and clicks, and stays visible; without one the view scrolls."""

    DEFAULT_CSS = """
    CursorView > .lines--cursor { background: $block-cursor-blurred-background; }
    CursorView:focus > .lines--cursor { background: $block-cursor-background; }
    CursorView:nocolor > .lines--cursor { text-style: underline; }
    CursorView:focus:nocolor > .lines--cursor { text-style: bold underline; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *WALKING,
        Binding("end,G", f"walk({FAR})", "Last line", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor"}

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._cursor = 0

    @property
    def has_cursor(self) -> bool:
        """True if there is a cursor."""
        return bool(self.lines)

    @property
    def cursor(self) -> int:
        """The number of the cursor's line."""
        return self._cursor

    def walk_to(self, number: int) -> None:
        """Put the cursor on a line, or on the nearest one."""
        number = max(min(number, len(self.lines) - 1), 0)
        moved, self._cursor = number != self._cursor, number
        self._follow()
        if moved:
            self.walked()

    def walked(self) -> None:
        """Called when the cursor has moved to another line."""

    def ground(self, number: int) -> Style:
        if self.has_cursor and number == self._cursor:
            return self.visual_style + self.get_visual_style("lines--cursor")
        return self.visual_style

    def action_walk(self, by: int) -> None:
        if self.has_cursor:
            self.walk_to(self._cursor + by)
        else:
            self.scroll_to(y=self.scroll_offset.y + by, animate=False)

    def action_walk_page(self, by: int) -> None:
        self.action_walk(by * max(self.size.height - 1, 1))

    def on_click(self, event: Click) -> None:
        line = self.line_at(event.y)
        if line is not None and self.has_cursor:
            again = line == self._cursor and event.chain > 1
            self.walk_to(line)
            self.clicked(again=again)

    def clicked(self, *, again: bool) -> None:
        """Called when the cursor's line was clicked; ``again``: twice in a row."""

    def _follow(self) -> None:
        """Scroll the cursor's line into view."""
        first, count = self.rows_of(self._cursor)
        top, height = self.scroll_offset.y, self.size.height
        if first < top or count > height:
            self.scroll_to(y=first, animate=False)
        elif first + count > top + height:
            self.scroll_to(y=first + count - height, animate=False)
        self.refresh()
