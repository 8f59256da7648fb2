"""Read points in the history as people write them: a revision, or a time.

The standard library reads RFC 3339. dateparser reads everything else, such as ``10m ago`` or ``yesterday
14:00``. It takes a quarter of a second to import, so it is imported only then.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from sloth_tui.store.port import Store

    Moment: TypeAlias = int | float
    """A revision, which is an int, or unix seconds, which are a float."""


def moment(word: str) -> Moment:
    """Return a revision if the word is a number, else a time in the past. Raises ValueError."""
    if word.isascii() and word.isdigit():
        from sloth_tui.values.parse import revision

        return revision(word)
    return past_time(word)


def past_time(word: str) -> float:
    """Return a time in the past in unix seconds. A time without a zone is local. Raises ValueError."""
    at = _rfc3339(word)
    # dateparser ignores what it does not understand, for example a leading minus.
    if at is None and word[:1].isalnum() and word.isprintable():
        at = _human(word)
    if at is None:
        raise ValueError(
            f"'{word[:60]}' is not a time; try 2026-01-31T14:00:00Z, '10m ago' or 'yesterday 14:00'"
        )
    if at > time.time() + 1:
        raise ValueError(f"'{word[:60]}' is in the future")
    return at


def revision_of(store: Store, at: Moment) -> int:
    """Return the revision of a moment. Raises HistoryPruned."""
    return at if isinstance(at, int) else store.revision_at(at)


def _rfc3339(word: str) -> float | None:
    from datetime import datetime

    if not any(mark in word for mark in "-:"):
        return None
    try:
        return datetime.fromisoformat(word).timestamp()
    except (ValueError, OverflowError):
        return None


def _human(word: str) -> float | None:
    import warnings
    from datetime import datetime

    import dateparser

    settings = {"PREFER_DATES_FROM": "past", "RELATIVE_BASE": datetime.fromtimestamp(time.time())}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = dateparser.parse(word, languages=["en"], settings=settings)
        except (ValueError, OverflowError, RecursionError):
            return None
    return None if found is None else found.timestamp()
