"""Read the events of a run while it goes on, or after it."""

from __future__ import annotations

import os

from sloth_tui.runs.folder import EVENTS, RECORD, is_locked, open_plain

FINISHED = b'{"event":"run_finished",'
"""How the line of the last event begins."""
_MAX_BYTES = 1 << 20
_LONGEST_LINE = 16 * 1024 * 1024
"""Bytes; no event has so many."""
_CUT_BYTES = 1024
"""What is returned of a longer line."""


class EventFile:
    """The event lines of one run, in order. Never waits. A context manager; not for use by several threads.

    Each line is a JSON object of :mod:`sloth_tui.runner.events`, and begins with ``{"event":"NAME",``.
    """

    def __init__(self, path: str) -> None:
        """``path``: the folder of the run. Raises OSError."""
        self._events = open_plain(os.path.join(path, EVENTS))
        try:
            self._record = open_plain(os.path.join(path, RECORD))
        except OSError:
            os.close(self._events)
            raise
        self._position = 0
        self._pieces: list[bytes] = []
        """The pieces of a line whose end is not read yet."""
        self._length = 0
        """Bytes of that line."""
        self._skips = False
        self._finished = False
        self._closed = False

    def __enter__(self) -> EventFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def ended(self) -> bool:
        """True if the run is over, and all lines were returned. Its record is then complete as well."""
        return self._finished

    @property
    def size(self) -> int:
        """Bytes that are in the file now."""
        return os.fstat(self._events).st_size

    @property
    def position(self) -> int:
        """Bytes that were read, or skipped, so far."""
        return self._position

    def lines(self, max_bytes: int = _MAX_BYTES) -> list[bytes]:
        """Return the whole lines since the last call, without their line feeds, out of the next ``max_bytes``
        bytes; none if there is no new one. Of a line that is too long for an event, only its beginning is
        returned."""
        if self._finished:
            return []
        over = not is_locked(self._record)  # asked first: what is written until then is read
        data = self._read(max_bytes)
        if not data:
            self._finished = over
            return []
        first, *others = data.split(b"\n")
        self._begin(first)
        if not others:
            return []
        lines = [b"".join(self._pieces), *others]
        self._pieces, self._length = [], 0
        self._begin(lines.pop())
        if self._skips:
            del lines[0]
            self._skips = False
        self._finished = bool(lines) and lines[-1].startswith(FINISHED)
        return lines

    def skip(self, leave: int) -> int:
        """Leave out all but the last ``leave`` bytes of the file, and the line in which they begin. Return
        how many bytes were left out; 0 if there are no more than that."""
        ahead = self.size - leave - self._position
        if ahead <= 0:
            return 0
        self._position += ahead
        self._pieces, self._length = [], 0
        # The byte before tells whether a line begins here.
        self._skips = os.pread(self._events, 1, self._position - 1) != b"\n"
        return ahead

    def close(self) -> None:
        if not self._closed:
            self._closed = self._finished = True
            os.close(self._events)
            os.close(self._record)

    def _begin(self, piece: bytes) -> None:
        """Take a piece of a line whose end may come later."""
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length > _LONGEST_LINE:
            self._pieces = [b"".join(self._pieces)[:_CUT_BYTES]]

    def _read(self, max_bytes: int) -> bytes:
        try:
            data = os.pread(self._events, max_bytes, self._position)
        except OSError:  # a disk that fails: there is no more of it
            data = b""
        self._position += len(data)
        return data
