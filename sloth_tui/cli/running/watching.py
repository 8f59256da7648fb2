"""Follow the revisions of a store as they are committed, by any program."""

from __future__ import annotations

import time

from sloth_tui.errors import HistoryPruned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import Revision
    from sloth_tui.store.port import Store

_POLL_SECONDS = 0.05
"""The time between two checks, each of which takes some microseconds."""


def follow_revisions(
    store: Store, since: int, prefix: str = "", deadline: float | None = None
) -> Iterator[list[Revision]]:
    """Yield the revisions after ``since``, in order, each once, in batches; for ever, or until the deadline
    by the monotonic clock. Raises HistoryPruned if some were pruned before they were read, or if the store
    was replaced by one that is not as far."""
    token = None
    while True:
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
        time.sleep(
            _POLL_SECONDS if deadline is None else min(_POLL_SECONDS, max(deadline - time.monotonic(), 0))
        )
