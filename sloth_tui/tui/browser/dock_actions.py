"""The actions of the dock, and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.browser.acting import Acting

if TYPE_CHECKING:
    from sloth_tui.model import ChangeSet
    from sloth_tui.tui.operations.maintenance import WorkFlows
    from sloth_tui.tui.operations.undo import UndoFlows


class DockActions(Acting):
    """Part of the browser; see :class:`sloth_tui.tui.browser.commands.CommandScreen`."""

    _undoing: UndoFlows | None = None

    @property
    def undoing(self) -> UndoFlows:
        """Loaded when something is first taken back."""
        if self._undoing is None:
            from sloth_tui.tui.operations.undo import UndoFlows

            self._undoing = UndoFlows(self.flows, self.services)
        return self._undoing

    def action_undo(self) -> None:
        """Take back the change under the cursor in the log, or else the last one."""
        change = self.log_pane.highlighted if self.current == "log" else None
        self._change(self.undoing.undo_last() if change is None else self.undoing.undo(change))

    def action_show_change(self) -> None:
        change = self.log_pane.highlighted
        if change is None:
            self.flows.tell("nothing has been changed yet")
        else:
            self.show_change(change)

    def show_change(self, change: ChangeSet) -> None:
        """What a change set did, in a dialog."""

        async def show() -> None:
            key = await self.undoing.show(change)
            if key is not None:
                self.go_to_key(key)

        self._look(show())

    @property
    def _upkeep(self) -> WorkFlows:
        from sloth_tui.tui.operations.maintenance import WorkFlows

        return WorkFlows(self.flows, self.services)

    def action_check_store(self) -> None:
        self._look(self._upkeep.check())

    def action_compact(self) -> None:
        self._change(self._upkeep.compact())
