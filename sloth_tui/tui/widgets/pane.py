"""The bordered parts of the browser."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Vertical
from textual.content import Content

from sloth_tui.text import display_text


class Pane(Vertical):
    """A bordered part of the screen whose title says its number, its name and how much is in it."""

    NUMBER: ClassVar[int]
    NAME: ClassVar[str]

    def on_mount(self) -> None:
        self.entitle()

    def entitle(self, count: str = "", note: str = "") -> None:
        """Put ``count`` behind the name in the title, and ``note`` at the lower edge."""
        title = Content.assemble((str(self.NUMBER), "$quiet"), " ", self.NAME)
        if count:
            title = Content.assemble(title, " ", (display_text(count), "$quiet"))
        self.border_title = title
        self.border_subtitle = Content(display_text(note))
