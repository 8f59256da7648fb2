"""The locks, figures and change sets in the dock, and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.model import Query, Stats
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.messages import RunRequested
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from sloth_tui.model import ChangeSet, Lock
    from sloth_tui.tui import messages
    from sloth_tui.tui.operations.maintenance import MaintenanceOperations
    from sloth_tui.tui.operations.undo import UndoOperations


class DockController(Controller):
    """Handles messages and actions of all dock tabs except Run."""

    _undo_operations: UndoOperations | None = None

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if self.context.is_about_chosen(message):
            self._leave()

    def on_agent_left(self, message: messages.AgentLeft) -> None:
        self._leave()

    def on_panes_loaded(self, message: messages.PanesLoaded) -> None:
        self._leave()

    def _leave(self) -> None:
        """Clear what the tabs list: it belongs to an agent that is being left."""
        self.context.held.forget()
        if self.lazy.loaded:
            for pane in self.lazy.reading():
                pane.forget()

    def on_tab_read(self, message: messages.TabRead) -> None:
        self.context.held.show(message, self._show_tab, kind=message.tab)

    def _show_tab(self, message: messages.TabRead) -> None:
        self.lazy.reading_pane(message.tab).take(message.read)
        if isinstance(message.read, Stats):
            self.screen.query_one(TitleBar).total = message.read.total_keys

    def on_lock_expired(self, message: messages.LockExpired) -> None:
        self.services.dock.reread_locks()

    def on_survey_read(self, message: messages.SurveyRead) -> None:
        self.context.held.show(message, lambda told: self.lazy.stats.show_survey(told.survey))

    def on_writes_counted(self, message: messages.WritesCounted) -> None:
        self.context.held.show(message, lambda told: self.lazy.stats.count_writes(told.revision, told.at))

    def on_key_requested(self, message: messages.KeyRequested) -> None:
        self.context.go_to_key(message.key)

    def on_prefix_requested(self, message: messages.PrefixRequested) -> None:
        bar = self.screen.query_one(FilterBar)
        bar.ask(
            Query(
                prefix=message.prefix,
                sort=bar.asked.sort,
                descending=bar.asked.descending,
                tree=bar.asked.tree,
            )
        )
        self.panes.show("keys")

    def on_more_log_requested(self, message: messages.MoreLogRequested) -> None:
        self.services.dock.read_more_log()

    def on_change_set_selected(self, message: messages.ChangeSetSelected) -> None:
        self._show_change_set(message.change_set)

    @property
    def _undoing(self) -> UndoOperations:
        """The undo operations, loaded on first use."""
        if self._undo_operations is None:
            from sloth_tui.tui.operations.undo import UndoOperations

            self._undo_operations = UndoOperations(self.operations, self.services)
        return self._undo_operations

    def action_undo(self) -> None:
        """Undo the change set under the cursor of the log, else the last one."""
        change_set = self.lazy.log.highlighted if self.panes.current == "log" else None
        self.workers.change(
            self._undoing.undo_last() if change_set is None else self._undoing.undo(change_set)
        )

    def action_show_change(self) -> None:
        change_set = self.lazy.log.highlighted
        if change_set is None:
            self.operations.notify("nothing has been changed yet")
        else:
            self._show_change_set(change_set)

    def _show_change_set(self, change_set: ChangeSet) -> None:
        """Show in a dialog what a change set did."""

        async def show() -> None:
            key = await self._undoing.show(change_set)
            if key is not None:
                self.context.go_to_key(key)

        self.workers.look(show())

    @property
    def _upkeep(self) -> MaintenanceOperations:
        from sloth_tui.tui.operations.maintenance import MaintenanceOperations

        return MaintenanceOperations(self.operations, self.services)

    def action_break_lock(self) -> None:
        lock = self.lazy.locks.highlighted
        if lock is None:
            self.operations.notify("no lock is held")
        else:
            self.workers.change(self.operations.break_lock(lock))

    def action_lock_history(self) -> None:
        """Show the history of the lock under the cursor; of all locks if none is held."""
        from sloth_tui.tui.operations.lock_history import show_lock_history

        lock = self.lazy.locks.highlighted
        self.workers.look(
            show_lock_history(self.operations, self.services, None if lock is None else lock.name)
        )

    def on_lock_selected(self, message: messages.LockSelected) -> None:
        self.action_show_holder()

    def action_show_holder(self) -> None:
        """Show the run that holds the lock under the cursor."""
        lock = self.lazy.locks.highlighted
        if lock is None:
            self.operations.notify("no lock is held")
        else:
            self.workers.look(self._show_holder(lock))

    async def _show_holder(self, lock: Lock) -> None:
        from sloth_tui.tui.operations.lock_holder import find_run

        run = await find_run(self.operations, self.services, lock)
        if run is not None:
            self.context.tell(RunRequested(run))

    def action_check_store(self) -> None:
        self.workers.look(self._upkeep.check())

    def action_compact(self) -> None:
        self.workers.change(self._upkeep.compact())
