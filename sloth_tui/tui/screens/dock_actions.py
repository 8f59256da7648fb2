"""The actions of the dock, and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.screens.paned import PanedScreen

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from sloth_tui.tui.flows import Flows
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.undo_flows import UndoFlows


class DockActions(PanedScreen):
    """Part of the browser; see :class:`sloth_tui.tui.screens.commands.CommandScreen`."""

    services: Services
    flows: Flows

    def _change(self, flow: Coroutine[object, object, None]) -> None:
        """Run a flow that changes something beside the screen."""
        raise NotImplementedError

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
