"""The output of a run in the Run view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

from sloth_tui.text import display_text
from sloth_tui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.tui.services.run_output.buffer import OutputBuffer


class OutputView(Vertical):
    """Shows what a run says. The Run view tells it when there is more."""

    _buffer: OutputBuffer | None = None

    def compose(self) -> ComposeResult:
        yield LineView(id="output-lines")

    def show(self, buffer: OutputBuffer | None) -> None:
        """Show the output of another run; None: of none."""
        self._buffer = buffer
        self.grow()

    def grow(self) -> None:
        """Show what the buffer has got since. Called at most 25 times a second."""
        buffer = self._buffer
        lines = [] if buffer is None else buffer.lines(buffer.first, buffer.end)
        shown = ["".join(piece.text for piece in line.pieces) + display_text(line.text) for line in lines]
        self.query_one(LineView).set_lines(shown)

    def show_only(self, task: str | None, host: str | None = None) -> None:
        """Show what a task says, for one of its hosts if one is given; None: what all of them say."""
