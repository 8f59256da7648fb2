"""The change sets of the store, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList, Static

from sloth_tui.tui.widgets.pane import DockPane

if TYPE_CHECKING:
    from textual.app import ComposeResult


class LogPane(DockPane):
    """Who changed what, and when."""

    NUMBER = 6
    NAME = "Log"

    def furniture(self) -> ComposeResult:
        yield Static(Content("Nothing has been changed yet."), classes="empty")
        yield OptionList(id="log-list", markup=False)

    def furnished(self) -> None:
        self.set_class(True, "nothing")
