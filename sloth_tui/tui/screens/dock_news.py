"""Locks, figures and change sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.screens.news import NewsScreen
from sloth_tui.tui.widgets.lock_list import LocksPane
from sloth_tui.tui.widgets.stats_view import StatsPane
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from sloth_tui.tui import messages


class DockNews(NewsScreen):
    """Looks after the tabs of the dock but the run."""

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if self.furnished and self.is_about_chosen(message):
            self.query_one(LocksPane).show([], 0.0)
            self.query_one(StatsPane).show(None)

    def on_locks_read(self, message: messages.LocksRead) -> None:
        if self.answers:
            self.query_one(LocksPane).show(message.locks, message.at)

    def on_lock_ran_out(self, message: messages.LockRanOut) -> None:
        self.services.reread_locks()

    def on_stats_read(self, message: messages.StatsRead) -> None:
        if self.answers:
            self.query_one(StatsPane).show(message.stats)
            self.query_one(TitleBar).total = message.stats.total_keys
