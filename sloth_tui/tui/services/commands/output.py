"""What a command has printed: the newest lines of it."""

from __future__ import annotations

import threading

_KEPT_LINES, _KEPT_BYTES = 10_000, 8 * 1024 * 1024
_SURPLUS = 8
"""There may be more by one part of so many before the oldest lines go at once: each move of the rest takes
time."""
_LINE_BYTES = 8000
"""A longer line is kept as several."""


class CommandOutput:
    """Takes bytes in one thread, and gives lines in another; only those that are drawn are decoded.

    Lines are numbered from 0 in the order they came, and keep their numbers when older ones are dropped.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._size = 0
        self._open = False
        """True if the last line is not at its end."""
        self._rewritten: dict[int, int] = {}
        """Line -> the version that wrote it anew."""
        self.first = 0
        """The number of the oldest line that is kept, and so how many were dropped."""
        self.version = 0
        """Grows with every change."""

    @property
    def end(self) -> int:
        """The number that the next line gets."""
        return self.first + len(self._lines)

    def take(self, data: bytes) -> None:
        if not data:
            return
        with self._lock:
            before = b""
            if self._open:
                before = self._lines.pop()
                self._size -= len(before)
                self._rewritten[self.end] = self.version + 1
            lines = (before + data).split(b"\n")
            self._open = bool(lines[-1])
            if not self._open:
                lines.pop()
            for line in lines:
                pieces = range(0, max(len(line), 1), _LINE_BYTES)
                self._lines += [line[at : at + _LINE_BYTES] for at in pieces]
                self._size += len(line)
            self._trim()
            self.version += 1

    def texts(self, start: int, stop: int) -> list[str]:
        """Return the lines of these numbers that are still kept, as data: bytes that are not UTF-8 are lone
        surrogates."""
        with self._lock:
            lines = self._lines[max(start - self.first, 0) : max(stop - self.first, 0)]
        return [line.decode("utf-8", "surrogateescape") for line in lines]

    @property
    def last(self) -> str:
        """The last line that is not blank, as data; empty without one."""
        with self._lock:
            found = next((line for line in reversed(self._lines) if line.strip()), b"")
        return found.decode("utf-8", "surrogateescape").strip()

    def rewritten(self, since: int) -> tuple[int, list[int]]:
        """Return the numbers of lines that were written anew, or finished, after a point, and the point for
        the next call. The first point is 0."""
        with self._lock:
            return self.version, sorted(line for line, at in self._rewritten.items() if at > since)

    def _trim(self) -> None:
        if (
            len(self._lines) <= _KEPT_LINES + _KEPT_LINES // _SURPLUS
            and self._size <= _KEPT_BYTES + _KEPT_BYTES // _SURPLUS
        ):
            return
        surplus = max(len(self._lines) - _KEPT_LINES, 0)
        size = self._size - sum(map(len, self._lines[:surplus]))
        while size > _KEPT_BYTES and surplus < len(self._lines) - 1:
            size -= len(self._lines[surplus])
            surplus += 1
        del self._lines[:surplus]
        self.first += surplus
        self._size = size
        self._rewritten = {line: at for line, at in self._rewritten.items() if line >= self.first}
