"""One line on stderr that shows how far a long piece of work is, for a person at a terminal."""

from __future__ import annotations

import sys

from sloth_tui.cli.output.diagnostics import is_terminal, narrate, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

_BAR_CELLS = 30


class ProgressLine:
    """A line that is written anew while the work goes on, inside a ``with`` block."""

    __slots__ = ("_told", "_words")

    def __init__(self, words: Callable[[int, int], str]) -> None:
        """``words`` returns the line, of plain text that never gets shorter, for (done, total)."""
        self._words = words
        self._told = ""

    def __call__(self, done: int, total: int) -> None:
        if is_terminal(sys.stderr):
            line = self._words(done, total)
            if line != self._told:
                say("\r" + line)
                self._told = line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._told:
            narrate("")


def bar(deed: str, done: int, total: int) -> str:
    """Return a bar after a word for the work: ``copying [######......]  50%``."""
    share = min(done / total, 1.0) if total else 1.0
    filled = int(share * _BAR_CELLS)
    return f"{deed} [{'#' * filled}{'.' * (_BAR_CELLS - filled)}] {int(share * 100):3}%"
