"""Report which row of the key table is highlighted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.tui.messages import RowHighlighted

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from sloth_tui.tui.widgets.key_table.row_cache import CursorRow, RowCache
    from sloth_tui.tui.widgets.key_table.row_view import RowView

_SETTLE_SECONDS = 0.08
"""How long a quickly moving cursor must rest on a row before the row is highlighted."""


class Highlight:
    """Has a view post RowHighlighted when its cursor rests on a row, but not for rows it only passes."""

    def __init__(
        self, view: RowView, rows: RowCache, under: CursorRow, follow: Callable[[str], None]
    ) -> None:
        """``follow`` is called with every highlighted key."""
        self._view = view
        self._rows = rows
        self._under = under
        self._follow = follow
        self._told: tuple[str | None, str | None] | None = None
        self._moved_at = 0.0
        self._rest: Timer | None = None

    def forget(self) -> None:
        """Report the next row even if it is the same."""
        self._told, self._moved_at = None, time.monotonic()

    def cursor_moved(self) -> None:
        """Report the cursor's row: the cursor was moved, or its row was loaded."""
        if self._is_awaited():
            return
        now = time.monotonic()
        hurried, self._moved_at = now - self._moved_at < _SETTLE_SECONDS, now
        if self._rest is not None:
            self._rest.stop()
        if hurried:
            self._rest = self._view.set_timer(_SETTLE_SECONDS, self._tell)
        else:
            self._tell()

    def _tell(self) -> None:
        if self._is_awaited():
            # It moved on to a row that is not loaded yet, which is reported when it is.
            return
        key, node = self._under.key, self._under.node
        if self._told != (key, node):
            self._told = (key, node)
            self._view.post_message(RowHighlighted(key, node))
            if key is not None:
                self._follow(key)

    def _is_awaited(self) -> bool:
        """True if the row under the cursor is not loaded yet."""
        return bool(self._view.count) and self._view.cursor not in self._rows
