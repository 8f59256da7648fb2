"""What every backend asks of a time to live, and the words in which it refuses."""

from __future__ import annotations

from sloth_tui.errors import UsageError

MAX_TTL_SECONDS = 10 * 366 * 86400.0
"""Ten years, each as long as the longest."""


def check_ttl(seconds: float) -> float:
    """Return a time to live. Raises UsageError if it is out of bounds, or NaN."""
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if is_number and 0 < seconds <= MAX_TTL_SECONDS:
        return seconds
    given = f"{seconds:g}" if is_number else str(seconds)
    raise UsageError(
        f"a time to live is more than 0 seconds and at most ten years, not {given}",
        hint="an entry without one stays until it is deleted",
    )
