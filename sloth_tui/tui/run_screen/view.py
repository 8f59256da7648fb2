"""A view of the run screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

if TYPE_CHECKING:
    from sloth_tui.runs.model import Run
    from sloth_tui.tui.services import Services


class RunView(Vertical):
    """One of the views that share the run screen.

    The screen calls its methods ``action_<verb>`` for the actions that
    :data:`sloth_tui.tui.run_screen.owners.OWNERS` gives to it.
    """

    DEFAULT_CSS = """
    RunView { height: 1fr; }
    """

    def __init__(self, services: Services, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self.services = services

    @property
    def chosen_run(self) -> Run | None:
        """The run that a command of the user's own would act on; None without one."""
        return None

    def entered(self) -> None:
        """Called when the view comes on screen. It takes the focus."""
        target = next((widget for widget in self.query("*") if widget.focusable), None)
        self.screen.set_focus(target)
