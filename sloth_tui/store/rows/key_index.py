"""An index of every key of a table of millions: in memory, in order, in runs of a few thousand."""

from __future__ import annotations

from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from sloth_tui.store.rows.run import Run
    from sloth_tui.store.rows.source import KeySource

RUN = 2048
"""Keys read at once: about a millisecond's work."""
MAX_BYTES = 48 * 1024 * 1024
"""Bytes of keys kept in memory; the keys of further runs are read again when needed."""
CROWDED = 8 * RUN
"""Keys in a run that make it worth dividing the whole index into runs again."""


class KeyIndex:
    """Runs, read one after the other as they are needed. An index only grows; it never changes otherwise."""

    def __init__(self, source: KeySource, runs: Iterable[Run] = (), *, complete: bool = False) -> None:
        self._source = source
        self._runs = list(runs)
        self._lows = [run.low for run in self._runs]
        self._room = MAX_BYTES - sum(run.size for run in self._runs)
        self._next = b""
        self.complete = complete

    def __len__(self) -> int:
        """Return the number of runs read so far."""
        return len(self._runs)

    def run(self, number: int) -> Run:
        """Return a run with its keys; may read them again."""
        run = self._runs[number]
        return run if run.in_memory else self._read(number)

    def bounds(self, number: int) -> tuple[bytes, bytes | None]:
        """Return the smallest key a run may hold, and the smallest beyond it; None for no upper bound."""
        if number + 1 < len(self._runs):
            return self._lows[number], self._lows[number + 1]
        return self._lows[number], None if self.complete else self._next

    def last(self, number: int) -> bytes:
        """Return the greatest key that a run had when it was read."""
        return self._runs[number].last

    def locate(self, key: bytes) -> int | None:
        """Return the number of the run that holds ``key`` or would hold it; None if it has not been read
        yet."""
        if not self._runs or (not self.complete and key >= self._next):
            return None
        return bisect_right(self._lows, key) - 1

    def grow(self) -> bool:
        """Read the next run; return False if there are no more."""
        if self.complete:
            return False
        run = self._source.read_run(self._next, None, RUN)
        self.complete = len(run.rowids) < RUN
        self._next = run.last + b"\0"
        self._lows.append(run.low)
        self._runs.append(self._kept(run))
        return True

    def patched(self, keys: Iterable[bytes]) -> tuple[Self, list[int]] | None:
        """Return the index after ``keys`` were added or removed, and the numbers of the runs that differ;
        None if it is better to start over."""
        numbers = sorted({number for key in keys if (number := self.locate(key)) is not None})
        if not numbers:
            return self, numbers
        runs = list(self._runs)
        for number in numbers:
            run = self._read(number)
            if len(run.rowids) > CROWDED:
                return None
            runs[number] = run if runs[number].in_memory else run.without_keys()
        patched = type(self)(self._source, runs, complete=self.complete)
        patched._next = self._next
        return patched, numbers

    def _read(self, number: int) -> Run:
        return self._source.read_run(*self.bounds(number), None)

    def _kept(self, run: Run) -> Run:
        if run.size > self._room:
            return run.without_keys()
        self._room -= run.size
        return run
