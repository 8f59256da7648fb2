"""The actions of the dock, and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.screens.acting import ActingScreen

if TYPE_CHECKING:
    from sloth_tui.tui.undo_flows import UndoFlows


class DockActions(ActingScreen):
    """Part of the browser; see :class:`sloth_tui.tui.screens.commands.CommandScreen`."""

    _undoing: UndoFlows | None = None

    @property
    def undoing(self) -> UndoFlows:
        """Loaded when something is first taken back."""
        if self._undoing is None:
            from sloth_tui.tui.undo_flows import UndoFlows

            self._undoing = UndoFlows(self.flows, self.services)
        return self._undoing

    def action_undo(self) -> None:
        self._change(self.undoing.undo_last())
