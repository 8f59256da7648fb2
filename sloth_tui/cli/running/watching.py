"""Follow the revisions of a store as they are committed, by any program."""

from __future__ import annotations

import time

from sloth_tui.errors import HistoryPruned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sloth_tui.model import Revision
    from sloth_tui.store.port import Store

_POLL_SECONDS = 0.05
"""The time between two checks, each of which takes some microseconds."""
_EXPIRE_AGAIN_SECONDS = 1.0
"""Pause after an attempt to delete what has expired that failed: perhaps this user may not write."""


def follow_revisions(
    store: Store, since: int, prefix: str, deadline: float | None, record_expired: Callable[[], bool]
) -> Iterator[list[Revision]]:
    """Yield the revisions after ``since``, in order, each once, in batches; for ever, or until the deadline
    by the monotonic clock (None: there is none).

    ``record_expired`` deletes the entries whose time to live is over, and returns False if it cannot: whoever
    follows the changes of a store also wants to know of those that nobody makes. Raises HistoryPruned if some
    were pruned before they were read, or if the store was replaced by one that is not as far."""
    token, may_expire_at = None, 0.0
    while True:
        pause = _POLL_SECONDS
        left = store.next_expiry()
        if left == 0 and time.monotonic() >= may_expire_at and not record_expired():
            may_expire_at = time.monotonic() + _EXPIRE_AGAIN_SECONDS
        elif left:
            pause = min(pause, left)
        moved = store.change_token()
        if moved != token:
            token = moved
            while page := store.follow(since, prefix=prefix):
                since = page[-1].revision
                yield page
            newest = store.revision()
            if newest < since:
                raise HistoryPruned(
                    f"the store was replaced: its newest revision is {newest} now, after {since}",
                    hint="nothing is known of what changed; begin anew",
                )
        if deadline is not None and time.monotonic() >= deadline:
            return
        time.sleep(pause if deadline is None else min(pause, max(deadline - time.monotonic(), 0)))
