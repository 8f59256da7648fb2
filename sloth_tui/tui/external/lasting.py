"""What is drawn on a terminal that may be gone at any moment."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


class LastingFile:
    """A terminal's file that takes what is written even when nobody is there to see it any more.

    The thread that writes would end otherwise, and whoever hands it something would wait for ever.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.fileno = file.fileno

    def write(self, text: str) -> int:
        """How much was taken: all of it."""
        with suppress(OSError):
            self._file.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._file.flush()
