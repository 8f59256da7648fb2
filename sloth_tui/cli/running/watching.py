"""Following the changes of a store as they are committed, by whoever."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from sloth_tui.model import Revision
    from sloth_tui.store.port import Store

_INTERVAL = 0.05
"""Seconds between two looks, each of which takes some microseconds."""


def batches(
    store: Store, since: int, prefix: str = "", deadline: float | None = None
) -> Iterator[list[Revision]]:
    """Changes after revision ``since``, in order, each once, as many as there are at a time; without end, or
    until the deadline by the monotonic clock. Raises NotKept where some were forgotten before they were seen.
    """
    token = None
    while True:
        moved = store.change_token()
        if moved != token:
            token = moved
            while page := store.follow(since, prefix=prefix):
                since = page[-1].revision
                yield page
        if deadline is not None and time.monotonic() >= deadline:
            return
        time.sleep(_INTERVAL if deadline is None else min(_INTERVAL, max(deadline - time.monotonic(), 0)))
