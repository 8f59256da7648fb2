"""Write to a terminal that may disappear at any moment."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


class LastingFile:
    """A terminal's file that accepts writes even after the terminal is gone.

    Otherwise the writing thread would end, and a thread that hands it something would wait for ever.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.fileno = file.fileno

    def write(self, text: str) -> int:
        """Write the text; return its length, even if the terminal is gone."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()
