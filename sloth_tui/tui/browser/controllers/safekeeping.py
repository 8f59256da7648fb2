"""Backups of the agent on screen, and the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.browser.context import Controller

if TYPE_CHECKING:
    from sloth_tui.tui.operations.safekeeping import SafekeepingOperations


class SafekeepingController(Controller):
    """Handles the actions about whole stores that keep them safe."""

    _operations_on_backups: SafekeepingOperations | None = None

    def action_back_up(self) -> None:
        self.workers.change(self._safekeeping.back_up())

    def action_restore(self) -> None:
        self.workers.change(self._safekeeping.restore())

    def action_examine(self) -> None:
        self.workers.look(self._safekeeping.examine())

    @property
    def _safekeeping(self) -> SafekeepingOperations:
        """The operations, loaded on first use."""
        if self._operations_on_backups is None:
            from sloth_tui.tui.operations.safekeeping import SafekeepingOperations

            self._operations_on_backups = SafekeepingOperations(self.operations, self.services)
        return self._operations_on_backups
