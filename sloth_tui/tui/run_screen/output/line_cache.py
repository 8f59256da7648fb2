"""Lines of a buffer as they are drawn, kept while they are likely to be drawn again."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sloth_tui.tui.run_screen.output.finding import TooSlow
from sloth_tui.tui.run_screen.output.painted import PaintedLine, mark, paint, rows_of

if TYPE_CHECKING:
    from sloth_tui.tui.run_screen.output.finding import Wanted
    from sloth_tui.tui.services.run_output.buffer import OutputBuffer

_CACHED_CHARACTERS = 1 << 20

DrawnLine: TypeAlias = tuple[PaintedLine, list[tuple[int, int]]]
"""A line as it is drawn, and start and end of its rows."""


class LineCache:
    """The lines of one buffer, for a width and a way to fit them into it."""

    def __init__(self, buffer: OutputBuffer, *, wraps: bool = True) -> None:
        self._buffer = buffer
        self.wraps = wraps
        self.shift = 0
        """Cells of cut lines that are left of the screen."""
        self._width = 1
        self.marked: Wanted | None = None
        """What is searched for."""
        self.lines: dict[int, DrawnLine] = {}
        """By their numbers."""
        self._characters = 0
        self._point = 0

    def line(self, number: int) -> DrawnLine | None:
        """Return a line; None if the buffer does not keep it any more."""
        found = self.lines.get(number)
        if found is None:
            lines = self._buffer.lines(number, number + 1)
            if not lines:
                return None
            painted = paint(lines[0], None if self.wraps else self.shift + self._width + 1)
            text = painted.text
            rows = rows_of(text, self._width) if self.wraps else [(0, len(text))]
            found = mark(painted, self._places(text)), rows
            if self._characters + len(text) > _CACHED_CHARACTERS:
                self.clear()
            self._characters += len(text) + 1
            self.lines[number] = found
        return found

    def count_rows(self, number: int) -> int:
        """Return the number of rows of a line, at least 1."""
        drawn = self.line(number) if self.wraps else None
        return 1 if drawn is None else len(drawn[1])

    def forget_rewritten(self) -> None:
        """Forget lines that were written anew since the last call."""
        self._point, numbers = self._buffer.rewritten(self._point)
        for number in numbers:
            self.lines.pop(number, None)

    def fit(self, width: int) -> None:
        """Draw lines for this width from now on, in cells."""
        if width != self._width:
            self._width = width
            self.clear()

    def clear(self) -> None:
        """Forget all: they look different now."""
        self.lines.clear()
        self._characters = 0

    def _places(self, text: str) -> list[tuple[int, int]]:
        if self.marked is None:
            return []
        try:
            with self.marked.limit():
                return self.marked.spans(text)
        except TooSlow:
            self.marked = None
            return []
