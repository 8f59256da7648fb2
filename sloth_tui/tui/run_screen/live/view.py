"""The Run view: the run that goes on, or ended last, and the other runs of this session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from sloth_tui.tui.run_screen.output.view import OutputView
from sloth_tui.tui.run_screen.view import RunView

if TYPE_CHECKING:
    from textual.app import ComposeResult


class LiveView(RunView):
    """Shows a run: its tasks, its output, what it changed."""

    def compose(self) -> ComposeResult:
        yield Static(Content("Nothing runs."), id="live-status")
        yield OutputView(id="output")

    def action_stop_run(self) -> None:
        """Ask the run to end; the second time, kill it."""
        if not self.services.stop_run():
            self.app.notify("nothing is running")

    def action_run_again(self) -> None:
        """Run the same once more."""

    def action_run_failed(self) -> None:
        """Run what failed once more."""
