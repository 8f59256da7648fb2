"""The lines of a buffer that are shown: all of them, or those that a person asked for."""

from __future__ import annotations

from bisect import bisect_left
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.tui.run_screen.output.painted import shown_text

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sloth_tui.tui.run_screen.output.finding import Wanted
    from sloth_tui.tui.services.run_output.buffer import OutputBuffer
    from sloth_tui.tui.services.run_output.lines import OutputLine

_AT_ONCE = 1000
"""Lines that are looked at between two keys."""


class Scope(NamedTuple):
    """Which lines are wanted."""

    task: str | None = None
    """Only those of this task; None: of all, and what is told of the run."""
    host: str | None = None
    """Only those of this host of the task."""
    wanted: Wanted | None = None
    """Only those with this text."""

    def includes(self, line: OutputLine) -> bool:
        if self.task is not None and line.task != self.task:
            return False
        if self.host is not None and line.host != self.host:
            return False
        return self.wanted is None or self.wanted.passes(shown_text(line))

    def limit(self) -> AbstractContextManager[None]:
        """Return a context to look at lines in; raises TooSlow if that takes too long."""
        return nullcontext() if self.wanted is None else self.wanted.limit()


class Selection:
    """Line numbers of a buffer by their places on screen, from 0.

    Without a scope every line has a place, and nothing is looked at.
    """

    def __init__(self, buffer: OutputBuffer, scope: Scope = Scope()) -> None:  # noqa: B008  # a tuple
        self._buffer = buffer
        self.scope = scope
        self._all = scope == Scope()
        self._numbers: list[int] = []
        self._looked_to = buffer.first
        self._point, _ = buffer.rewritten(0)
        self._first, self._end = buffer.first, buffer.end

    def advance(self) -> bool:
        """Take in what is new in the buffer, in part; return True if there is more to look at.

        Raises TooSlow.
        """
        self._first, self._end = self._buffer.first, self._buffer.end
        if self._all:
            return False
        del self._numbers[: bisect_left(self._numbers, self._first)]
        self._look_again()
        start = max(self._looked_to, self._first)
        stop = min(start + _AT_ONCE, self._end)
        lines = self._buffer.lines(start, stop)
        includes = self.scope.includes
        with self.scope.limit():
            found = [number for number, line in enumerate(lines, stop - len(lines)) if includes(line)]
        self._numbers += found
        self._looked_to = stop
        return stop < self._end

    def _look_again(self) -> None:
        """Look again at lines that were written anew."""
        self._point, numbers = self._buffer.rewritten(self._point)
        for number in numbers:
            if not self._first <= number < self._looked_to:
                continue
            place = bisect_left(self._numbers, number)
            there = place < len(self._numbers) and self._numbers[place] == number
            line = self._buffer.lines(number, number + 1)
            with self.scope.limit():
                wanted = bool(line) and self.scope.includes(line[0])
            if wanted and not there:
                self._numbers.insert(place, number)
            elif there and not wanted:
                del self._numbers[place]

    @property
    def count(self) -> int:
        return self._end - self._first if self._all else len(self._numbers)

    def number_at(self, place: int) -> int:
        """Return the number of the line at a place. Raises IndexError."""
        if not 0 <= place < self.count:
            raise IndexError(place)
        return self._first + place if self._all else self._numbers[place]

    def place_of(self, number: int) -> int:
        """Return the place of a line, or of the next one that is shown; at most the last place."""
        place = number - self._first if self._all else bisect_left(self._numbers, number)
        return max(min(place, self.count - 1), 0)
