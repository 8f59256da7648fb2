"""What every backend asks of a lock, and the words in which it refuses."""

from __future__ import annotations

from sloth_tui.errors import LockHeld, LockLost, LockNotFound, UsageError
from sloth_tui.text import format_duration

MAX_LEASE_SECONDS = 30 * 86400.0
MAX_TEXT = 4096
"""The most bytes of UTF-8 in the name of a lock or of a holder."""


def check_request(name: str, holder: str, seconds: float, wait: float) -> None:
    """Raise UsageError for a lock that cannot be asked for."""
    _check_text("the name of a lock", name)
    _check_text("the holder of a lock", holder)
    check_seconds(seconds)
    if not (isinstance(wait, int | float) and wait >= 0):
        raise UsageError(f"the time to wait must not be negative: {wait}")


def check_seconds(seconds: float) -> None:
    """Raise UsageError for a duration out of bounds, or NaN."""
    if not (isinstance(seconds, int | float) and 0 < seconds <= MAX_LEASE_SECONDS):
        raise UsageError(f"a lock is taken for more than 0 seconds and at most 30 days, not {seconds}")


def inside_a_transaction(name: str) -> UsageError:
    """Return the error for a lock that is asked for where a rollback would revoke a token already in use, and
    waiting would block every other writer."""
    return UsageError(
        f"lock '{name}' cannot be taken inside a transaction", hint="take it before the transaction begins"
    )


def held_by(name: str, holder: str, remaining: float) -> LockHeld:
    return LockHeld(
        f"lock '{name}' is held by '{holder}' for another {format_duration(remaining)}",
        name=name,
        holder=holder,
        remaining=remaining,
    )


def not_held(name: str) -> LockNotFound:
    return LockNotFound(f"lock '{name}' is not held")


def lost(name: str, found: str) -> LockLost:
    """Return the error for a lock that is not held as the caller says; ``found``: how it is held instead."""
    return LockLost(f"lock '{name}' lost: {found}", name=name)


NOBODY, EXPIRED = "it is not held", "it has expired"


def another(holder: str) -> str:
    return f"'{holder}' holds it"


def _check_text(what: str, text: str) -> None:
    """Raise UsageError for text that cannot be stored and shown unchanged."""
    if not isinstance(text, str) or not text:
        raise UsageError(f"{what} must be non-empty text")
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise UsageError(f"{what} must be valid UTF-8") from error
    if size > MAX_TEXT:
        raise UsageError(f"{what} must not be longer than 4 KiB", hint=f"it has {size:,} bytes")
    if "\0" in text:
        raise UsageError(f"{what} must not contain NUL")
