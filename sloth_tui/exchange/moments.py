"""Times in files: RFC 3339, in UTC, to the millisecond."""

from __future__ import annotations

from functools import lru_cache

from sloth_tui.text import timestamp


@lru_cache(maxsize=4096)
def shown(milliseconds: int | None) -> str:
    """Return JSON for unix milliseconds: a string, or null."""
    return "null" if milliseconds is None else f'"{timestamp(milliseconds / 1000)}"'


def moment(text: object) -> float:
    """Return unix seconds. Raises ValueError."""
    from datetime import UTC, datetime

    if not isinstance(text, str):
        raise ValueError("a time must be text like 2026-01-31T14:00:00.000Z")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text[:40]}' is no time like 2026-01-31T14:00:00.000Z") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def milliseconds(text: object) -> int | None:
    """Return unix milliseconds; None for None. Raises ValueError."""
    return None if text is None else round(moment(text) * 1000)
