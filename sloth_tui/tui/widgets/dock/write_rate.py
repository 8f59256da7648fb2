"""Count the writes in each of the last seconds."""

from __future__ import annotations

from collections import deque

_KEPT_SECONDS = 240
"""Seconds."""
_READING_SECONDS = 1.0
"""Writes found by a reading were made at most this long before it: busy stores are read more often."""


class WriteRate:
    """Counts writes by the newest revision at some moments. All times are ``time.monotonic``."""

    def __init__(self) -> None:
        self._counts: deque[float] = deque(maxlen=_KEPT_SECONDS)
        self._second = 0
        """The second of the last count."""
        self._revision: int | None = None
        self._at = 0.0

    def note(self, revision: int, at: float) -> bool:
        """Note the newest revision at a moment; return True if there were writes since the last call."""
        before, self._revision = self._revision, revision
        begun, self._at = max(self._at, at - _READING_SECONDS), at
        if before is None or revision <= before:
            return False
        self._advance(at)
        writes, second = float(revision - before), int(at)
        # Writes of a reading that began in the previous second are shared between the two.
        share = min((second - begun) / (at - begun), 1.0) if begun < second and at > begun else 0.0
        self._counts[-1] += writes * (1 - share)
        if len(self._counts) > 1:
            self._counts[-2] += writes * share
        return True

    def last(self, now: float, seconds: int) -> list[float]:
        """Return the writes of each of the last ``seconds`` at most, newest last."""
        self._advance(now)
        return list(self._counts)[-seconds:]

    def busy(self, now: float) -> bool:
        """True if there were writes in the seconds kept."""
        self._advance(now)
        return any(self._counts)

    def _advance(self, now: float) -> None:
        second = int(now)
        if not self._counts:
            self._counts.extend([0.0] * 2)
        else:
            self._counts.extend([0.0] * min(max(second - self._second, 0), _KEPT_SECONDS))
        self._second = max(second, self._second)
