"""The History view: the runs that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from sloth_tui.tui.run_screen.view import RunView

if TYPE_CHECKING:
    from textual.app import ComposeResult


class HistoryView(RunView):
    """Lists the runs that are kept. Posts RunWanted for one that is chosen."""

    def compose(self) -> ComposeResult:
        yield Static(Content("No run is kept yet."), classes="empty")

    def reread(self) -> None:
        """Read the list anew: a run began or ended."""
