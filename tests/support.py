"""Helpers for tests that watch other processes: wait for a condition, never for a time.

How fast a machine is, and what else it does, is nobody's mistake: a test that has to wait does so for
``A_MINUTE`` before it fails, and none asserts how much was done in a time. What is to happen *at once* is
shown by its cause: without it, it would not happen within the minute. How long it takes is a matter for
``make bench``.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

A_MINUTE = 60.0
"""Seconds after which what has not happened is taken not to happen."""
_LOOK_SECONDS = 5.0
"""What a look at the awaited counts for at most."""

_PROOF = os.environ.get("SLOTH_PROOF") == "1"


def sweep(many: Iterable[T], few: Iterable[T]) -> list[T]:
    """What to try of a long list: ``few`` of it in ``make test``, all of it in ``make proof``."""
    return list(many if _PROOF else few)


def rounds(few: int, many: int) -> int:
    """How often to try what chance decides: ``few`` times in ``make test``, ``many`` in ``make proof``."""
    return many if _PROOF else few


class Patience:
    """How long a wait goes on. A machine that stands still does not use it up: a look counts for
    a few seconds at most, however long it took."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds
        self._looked = time.monotonic()

    def is_over(self) -> bool:
        """True if the wait has gone on for the seconds. To be asked after each look."""
        now = time.monotonic()
        self._left -= min(now - self._looked, _LOOK_SECONDS)
        self._looked = now
        return self._left < 0


def wait_until(condition: Callable[[], T], *, seconds: float = A_MINUTE, what: str = "") -> T:
    """Poll until ``condition()`` is true and return what it returned; fail after ``seconds``."""
    patience = Patience(seconds)
    while True:
        began = time.monotonic()
        found = condition()
        if found:
            return found
        if patience.is_over():
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        # What is dear to find out, such as a search through all processes, is asked less often.
        time.sleep(min(0.1, max(0.005, 9 * (time.monotonic() - began))))
