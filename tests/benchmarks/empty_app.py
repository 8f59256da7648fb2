"""The least a Textual app can be that draws something and echoes a key: what ours is measured against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.widgets import Input, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult


class EmptyApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("ready")
        yield Input()


if __name__ == "__main__":
    EmptyApp().run()
