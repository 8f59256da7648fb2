"""Locks, figures and change sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import Query
from sloth_tui.tui.browser.news import News
from sloth_tui.tui.widgets.dock.dock import Dock
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from sloth_tui.tui import messages


class DockNews(News):
    """Looks after the tabs of the dock but the run."""

    def begin_dock(self) -> None:
        """Have what is in sight read as soon as it changes."""
        self.watch(self.query_one(Dock), "tab", self.services.dock.look_at)

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if self.is_about_chosen(message):
            self.leave_dock()

    def forget_lists(self) -> None:
        """Nothing is known of what they list."""
        for pane in (self.locks_pane, self.log_pane):
            pane.forget()

    def leave_dock(self) -> None:
        """What is listed is of an agent that is left; nothing is known of another one yet."""
        self.forget_held()
        if self.furnished:
            self.locks_pane.show([], 0.0)
            self.stats_pane.show(None)
            self.log_pane.show([], complete=True)
            self.forget_lists()

    def on_locks_read(self, message: messages.LocksRead) -> None:
        self.show_with_rows(message, self._show_locks)

    def _show_locks(self, message: messages.LocksRead) -> None:
        self.locks_pane.show(message.locks, message.at, message.broken)

    def on_lock_ran_out(self, message: messages.LockRanOut) -> None:
        self.services.dock.reread_locks()

    def on_stats_read(self, message: messages.StatsRead) -> None:
        self.show_with_rows(message, self._show_stats)

    def _show_stats(self, message: messages.StatsRead) -> None:
        self.stats_pane.show(message.stats)
        self.query_one(TitleBar).total = message.stats.total_keys

    def on_survey_read(self, message: messages.SurveyRead) -> None:
        self.show_with_rows(message, lambda told: self.stats_pane.show_survey(told.survey))

    def on_writes_counted(self, message: messages.WritesCounted) -> None:
        self.show_with_rows(message, lambda told: self.stats_pane.count_writes(told.revision, told.at))

    def on_key_wanted(self, message: messages.KeyWanted) -> None:
        self.go_to_key(message.key)

    def on_prefix_wanted(self, message: messages.PrefixWanted) -> None:
        bar = self.query_one(FilterBar)
        bar.ask(
            Query(
                prefix=message.prefix,
                sort=bar.asked.sort,
                descending=bar.asked.descending,
                tree=bar.asked.tree,
            )
        )
        self.action_show_pane("keys")

    def on_log_read(self, message: messages.LogRead) -> None:
        self.show_with_rows(message, self._show_log)

    def _show_log(self, message: messages.LogRead) -> None:
        self.log_pane.show(message.changes, complete=message.complete, more=message.more)

    def on_more_log_wanted(self, message: messages.MoreLogWanted) -> None:
        self.services.dock.read_more_log()

    def on_change_chosen(self, message: messages.ChangeChosen) -> None:
        self.show_change(message.change)
