"""The lines of the output beside their scroll bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.scrollbar import ScrollBar, ScrollDown, ScrollTo, ScrollUp

from sloth_tui.tui.run_screen.output.lines_view import LinesView

if TYPE_CHECKING:
    from textual.app import ComposeResult


class OutputBody(Horizontal):
    """The bar counts lines, not rows: how many rows lines need is known only of those on screen."""

    DEFAULT_CSS = """
    OutputBody { height: 1fr; }
    OutputBody > ScrollBar { width: 1; height: 1fr; }
    """

    def __init__(self, lines: LinesView, *, id: str) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._lines = lines

    def compose(self) -> ComposeResult:
        yield self._lines
        yield ScrollBar(vertical=True, thickness=1)

    @on(LinesView.Moved)
    def _move_bar(self) -> None:
        paging, bar = self._lines.paging, self.query_one(ScrollBar)
        count = paging.selection.count
        fits = count <= paging.height and not paging.top_place
        bar.window_virtual_size = count
        bar.window_size = 0 if fits else min(paging.height, count - 1)
        bar.position = min(paging.top_place, max(count - paging.height, 0))

    def on_scroll_to(self, message: ScrollTo) -> None:
        if message.y is not None:
            message.stop()
            self._lines.paging.put_top(round(message.y))
            self._lines.redraw()

    def on_scroll_up(self, message: ScrollUp) -> None:
        message.stop()
        self._lines.action_walk_page(-1)

    def on_scroll_down(self, message: ScrollDown) -> None:
        message.stop()
        self._lines.action_walk_page(1)
