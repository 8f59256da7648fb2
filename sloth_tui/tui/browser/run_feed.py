"""Hand what a run says to the Run tab of the dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import TextPiece
from sloth_tui.text import format_count, output_line

if TYPE_CHECKING:
    from sloth_tui.model import TextLine
    from sloth_tui.tui.services.run_output.lines import OutputLine
    from sloth_tui.tui.services.runs.watched import WatchedRun
    from sloth_tui.tui.widgets.dock.run_view import RunPane

_MOST_LINES = 400
"""Lines that are handed on at a time; beyond them, the oldest are counted and left out."""
_LINE_LIMIT = 2000
"""Characters of a line of output that are shown."""


class RunFeed:
    """One run at a time, from its beginning to its end."""

    def __init__(self, run: WatchedRun, pane: RunPane) -> None:
        self.run = run
        self._pane = pane
        self._next = 0
        """The number of the line that is handed on next."""
        self._rewritten = 0
        pane.begin(run.file, run.run.agent, check=run.run.check)

    def grow(self) -> None:
        """Hand on what has come since."""
        output, pane = self.run.output, self._pane
        self._rewritten, numbers = output.rewritten(self._rewritten)
        for number in numbers:
            if number < self._next:
                pane.rewrite(number, [_text_line(line) for line in output.lines(number, number + 1)])
        end = output.end
        first = max(self._next, output.first, end - _MOST_LINES)
        left_out, self._next = first - self._next, end
        if left_out:
            words = f"… {format_count(left_out, 'line')} left out"
            pane.add([(TextPiece(words, "warning"),)])
        pane.add([_text_line(line) for line in output.lines(first, end)], first)
        pane.note(self.run.progress.doing, self.run.progress.changed)

    def end(self) -> None:
        """Hand on the rest, and say how it ended."""
        self.grow()
        run = self.run
        untold = run.error if run.progress.finished is None else None
        self._pane.end(run.result, run.duration or 0.0, untold, would_change=run.would_change)


def _text_line(line: OutputLine) -> TextLine:
    if not line.printed:
        return line.pieces
    return (*line.pieces, TextPiece(output_line(line.text, _LINE_LIMIT), "output"))
