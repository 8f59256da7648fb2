"""Plot numbers over time, with block characters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from sloth_tui.text import format_age
from sloth_tui.values.codec import as_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.model import Revision

_BLOCKS = " ▁▂▃▄▅▆▇█"
MIN_POINTS = 3
"""Fewer points make no plot."""


def find_points(revisions: Iterable[Revision]) -> list[tuple[float, float]]:
    """Return (unix seconds, number) of the revisions that are numbers, oldest first. ``revisions`` are newest
    first."""
    found = []
    for revision in revisions:
        number = None if revision.new is None else as_number(revision.new)
        if number is not None:
            found.append((revision.at, float(number)))
    return found[::-1]


def draw_bars(numbers: list[float], width: int, height: int) -> list[str]:
    """Return ``height`` lines of ``width`` cells. With more numbers than columns, each column shows the last
    of its share; fewer numbers take several columns each."""
    if not numbers or width < 1 or height < 1:
        return []
    count = len(numbers)
    if count >= width:
        columns = [numbers[(place + 1) * count // width - 1] for place in range(width)]
    else:
        columns = [numbers[place * count // width] for place in range(width)]
    low, high = min(numbers), max(numbers)
    steps = 8 * height - 1
    span = high / 2 - low / 2  # The difference of two floats may be more than a float can hold.
    levels = [
        1 + round(steps * ((number / 2 - low / 2) / span)) if span else 4 * height for number in columns
    ]
    return [
        "".join(_BLOCKS[min(max(level - 8 * row, 0), 8)] for level in levels)
        for row in range(height - 1, -1, -1)
    ]


def draw_sparkline(values: Sequence[float], height: int, most: float | None = None) -> list[str]:
    """Return ``height`` lines, top first, with a column of one cell for each value. ``most`` (by default the
    greatest value) fills the height. The columns start at 0; every value above 0 is visible."""
    top = max(values, default=0.0) if most is None else most
    filled = [_eighths(value, top, height) for value in values]
    return [
        "".join(_BLOCKS[min(max(eighths - 8 * line, 0), 8)] for eighths in filled)
        for line in reversed(range(height))
    ]


def _eighths(value: float, top: float, height: int) -> int:
    if value <= 0 or top <= 0:
        return 0
    return max(1, min(round(8 * height * value / top), 8 * height))


class NumberPlot(Static):
    """Plots how a number changed, as large as fits, with its range."""

    def on_mount(self) -> None:
        self._points: list[tuple[float, float]] = []

    def show(self, found: list[tuple[float, float]]) -> bool:
        """Draw these points, oldest first; return False if they are too few for a plot."""
        self._points = found
        self.refresh()
        return len(found) >= MIN_POINTS

    def render(self) -> Content:
        width, height = self.content_size
        if len(self._points) < MIN_POINTS or height < MIN_POINTS:
            return Content("")
        numbers = [number for _, number in self._points]
        low, high = f"{min(numbers):,.12g}", f"{max(numbers):,.12g}"
        drawn = draw_bars(numbers, width, height - 2)
        now = time.time()
        began = format_age(self._points[0][0], now)
        ended = format_age(self._points[-1][0], now)
        lines = [
            Content.assemble((_ends(f"{len(numbers)} values", f"most {high}", width), "$quiet")),
            *(Content(line).stylize("$primary") for line in drawn),
            Content.assemble((_ends(f"{began}, least {low}", ended, width), "$quiet")),
        ]
        return Content("\n").join(lines)


def _ends(left: str, right: str, width: int) -> str:
    """Return two texts at the two edges; if both do not fit, only the left one."""
    gap = width - len(left) - len(right)
    return left + " " * gap + right if gap > 0 else left[:width]
