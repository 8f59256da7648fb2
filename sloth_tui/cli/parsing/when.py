"""Points in the history as people name them: a revision, or a time.

RFC 3339 is read by the standard library. Everything else a person may type, ``10m ago`` or ``yesterday
14:00``, is dateparser's to understand; it takes a quarter of a second to load, and only then.
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
    """A revision if it is a number, otherwise a time of the past. Raises ValueError."""
    if word.isascii() and word.isdigit():
        from sloth_tui.cli.convert import revision

        return revision(word)
    return past_time(word)


def past_time(word: str) -> float:
    """Unix seconds. A time without a zone is local. Raises ValueError for what is no time of the past."""
    at = _rfc3339(word)
    # dateparser overlooks what it does not understand, a leading minus for one.
    if at is None and word[:1].isalnum() and word.isprintable():
        at = _human(word)
    if at is None:
        raise ValueError(
            f"'{word[:60]}' is no time; try 2026-01-31T14:00:00Z, '10m ago' or 'yesterday 14:00'"
        )
    if at > time.time() + 1:
        raise ValueError(f"'{word[:60]}' is in the future")
    return at


def revision_of(store: Store, at: Moment) -> int:
    """The revision a moment stands for. Raises NotKept."""
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
