"""Amounts as columns of blocks that stand on 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def skyline(values: Sequence[float], height: int, most: float | None = None) -> list[str]:
    """A column a cell wide for each value, in so many lines, the upper one first; ``most`` fills all of them
    (by default the greatest value). What is more than 0 is always to be seen."""
    top = max(values, default=0.0) if most is None else most
    filled = [_eighths(value, top, height) for value in values]
    return [
        "".join(_EIGHTHS[min(max(eighths - 8 * line, 0), 8)] for eighths in filled)
        for line in reversed(range(height))
    ]


def _eighths(value: float, top: float, height: int) -> int:
    if value <= 0 or top <= 0:
        return 0
    return max(1, min(round(8 * height * value / top), 8 * height))
