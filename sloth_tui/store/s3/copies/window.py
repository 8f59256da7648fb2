"""Rows for a table: those of the copy on this machine, which follows the snapshot."""

from __future__ import annotations

import time

from sloth_tui.store.rows.window import IndexedWindow
from sloth_tui.store.sqlite.rows.key_source import SqliteKeySource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.clock import Clock
    from sloth_tui.store.s3.copies.host_copy import HostCopy


def open_window(copy: HostCopy, poll: float, clock: Clock) -> IndexedWindow:
    """Open a window on the entries of the newest snapshot. Raises DatabaseUnusable."""
    return IndexedWindow(FollowedSource(copy, poll, clock))


class FollowedSource(SqliteKeySource):
    """The copy, after a look once in ``poll`` seconds whether it is still the newest snapshot."""

    def __init__(self, copy: HostCopy, poll: float, clock: Clock) -> None:
        super().__init__(copy.path, copy.told, clock)
        self._copy = copy
        self._poll = poll
        self._looked_at = time.monotonic()

    def moved(self) -> bool:
        now = time.monotonic()
        if now - self._looked_at >= self._poll:
            self._looked_at = now
            self._copy.refresh()
        return super().moved()
