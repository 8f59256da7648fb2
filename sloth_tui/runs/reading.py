"""The events of a run, read back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.runner.public_events import decode_public

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.runner.events import RunEvent
    from sloth_tui.runs.event_file import EventFile

_POLL_SECONDS = 0.02


class EventReader:
    """Reads the events out of a file. What is no event is counted and left out."""

    def __init__(self, file: EventFile) -> None:
        self._file = file
        self.damaged = 0
        """The number of lines that are no events."""

    def events(self, *, follow: bool = False) -> Iterator[tuple[RunEvent, bytes]]:
        """Yield each event with its line. ``follow``: wait for more until the run has ended."""
        while True:
            lines = self._file.lines()
            for line in lines:
                try:
                    yield decode_public(line), line
                except ValueError:
                    self.damaged += bool(line)
            if self._file.ended or not (follow or lines or self._file.position < self._file.size):
                return
            if not lines and follow:
                time.sleep(_POLL_SECONDS)
