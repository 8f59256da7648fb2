"""The Files view: a Lua file, its tasks and values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from sloth_tui.text import display_text
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.run_screen.view import RunView

if TYPE_CHECKING:
    from textual.app import ComposeResult


class FilesView(RunView):
    """Posts RunAsked."""

    def compose(self) -> ComposeResult:
        yield Static(Content(f"{key_of('run_path')} runs a file by its path."), id="files-note")

    def show_file(self, file: str, line: int | None = None) -> None:
        """Choose this file, and show a line of it (from 1) if one is given."""
        where = display_text(file) + ("" if line is None else f":{line}")
        self.query_one("#files-note", Static).update(Content(where))
