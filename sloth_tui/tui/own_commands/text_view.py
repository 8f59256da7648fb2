"""A view of what a command prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.cells import expand_tabs
from sloth_tui.text import format_count, output_line
from sloth_tui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from sloth_tui.tui.services.commands.output import CommandOutput

_LINE_LIMIT = 2000


class TextView(LineView):
    """Shows the newest lines, and follows them."""

    def show(self, output: CommandOutput) -> None:
        """Show the output of another command."""
        self._output = output
        self._version = -1
        self.set_lines([])
        self.grow()

    def grow(self) -> None:
        """Show what was printed since."""
        output = self._output
        if output.version == self._version:
            return
        self._version = output.version
        at_end = not self.lines or self.scroll_offset.y >= self.max_scroll_y
        dropped = output.first
        lines = [expand_tabs(output_line(text, _LINE_LIMIT)) for text in output.texts(dropped, output.end)]
        if dropped:
            lines.insert(0, f"… {format_count(dropped, 'earlier line')} not kept")
        self.set_lines(lines)
        if at_end:
            self.scroll_end(animate=False, immediate=True)
