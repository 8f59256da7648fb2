"""How many writes there were in each of the last seconds."""

from __future__ import annotations

from collections import deque

_KEPT = 240
"""Seconds."""
_ONE_READING = 1.0
"""Seconds before a reading in which the writes it found may have been made: the store is looked at more often
than that while it changes."""


class WriteRate:
    """Counts from the newest revisions at some moments; all times are of ``time.monotonic``."""

    def __init__(self) -> None:
        self._counts: deque[float] = deque(maxlen=_KEPT)
        self._second = 0
        """That of the last count."""
        self._revision: int | None = None
        self._at = 0.0

    def note(self, revision: int, at: float) -> bool:
        """The newest revision at a moment; whether there were writes since the last one."""
        before, self._revision = self._revision, revision
        begun, self._at = max(self._at, at - _ONE_READING), at
        if before is None or revision <= before:
            return False
        self._advance(at)
        writes, second = float(revision - before), int(at)
        # Those of a reading that began in the second before are shared out.
        share = min((second - begun) / (at - begun), 1.0) if begun < second and at > begun else 0.0
        self._counts[-1] += writes * (1 - share)
        if len(self._counts) > 1:
            self._counts[-2] += writes * share
        return True

    def last(self, now: float, seconds: int) -> list[float]:
        """The writes of each of so many seconds at most, the newest last."""
        self._advance(now)
        return list(self._counts)[-seconds:]

    def busy(self, now: float) -> bool:
        """Whether there is anything to see."""
        self._advance(now)
        return any(self._counts)

    def _advance(self, now: float) -> None:
        second = int(now)
        if not self._counts:
            self._counts.extend([0.0] * 2)
        else:
            self._counts.extend([0.0] * min(max(second - self._second, 0), _KEPT))
        self._second = max(second, self._second)
