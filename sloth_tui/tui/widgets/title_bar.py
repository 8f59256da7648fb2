"""The line at the top, and the line of pane names under it where not all panes fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.containers import Horizontal
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.messages import PaneChosen

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Click


class TitleBar(Static):
    """Agent, path, shown of all keys, and whether the screen is live."""

    agent: reactive[str] = reactive("")
    location: reactive[str] = reactive("")
    shown: reactive[int | None] = reactive(None)
    total: reactive[int | None] = reactive(None)
    state: reactive[str] = reactive("live")
    """``live``, ``empty`` or ``no answer``."""
    read_only: reactive[bool] = reactive(False)

    def render(self) -> Content:
        left = Content.assemble(
            (" sloth ", "bold $background on $primary"), " ", (display_text(self.agent), "bold"), " "
        )
        right = self._right()
        room = self.size.width - cell_len(left.plain) - cell_len(right.plain) - 2
        path = _shorten(display_text(self.location), room)
        gap = " " * max(room - cell_len(path) + 1, 1)
        return Content.assemble(left, (path, "$quiet"), gap, right)

    def _right(self) -> Content:
        styles = {"live": ("● live", "$success"), "empty": ("○ empty", "$quiet")}
        state = styles.get(self.state, ("✗ " + self.state, "$error"))
        keys = ""
        if self.total is not None and self.state != "no answer":
            shown = self.shown if self.shown is not None else self.total
            total = format_count(self.total, "key")
            keys = total if shown == self.total else f"{shown:,} of {total}"
        lock = ("read-only", "$warning") if self.read_only else ""
        parts = [part for part in (keys, lock, state) if part]
        joined: list[str | tuple[str, str]] = []
        for part in parts:
            joined += [part, ("  ", "")]
        return Content.assemble(*joined[:-1], " ")


def _shorten(path: str, room: int) -> str:
    """The end of a path that does not fit: the file's name says more than the root."""
    if room < 8:
        return ""
    if cell_len(path) <= room:
        return path
    while cell_len(path) > room - 1:
        path = path[1:]
    return "…" + path


class PaneName(Static):
    """The name of a pane, to be clicked."""

    def __init__(self, pane: str, number: int, name: str) -> None:
        super().__init__(Content.assemble((str(number), "$quiet"), " ", name), id=f"name-{pane}")
        self._pane = pane

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(PaneChosen(self._pane))


class PaneStrip(Horizontal):
    """The names of all panes; the one that is current stands out."""

    def __init__(self, panes: dict[str, str]) -> None:
        super().__init__(id="strip")
        self._panes = panes

    def compose(self) -> ComposeResult:
        for number, (pane, name) in enumerate(self._panes.items(), 1):
            yield PaneName(pane, number, name)

    def mark(self, current: str) -> None:
        for name in self.query(PaneName):
            name.set_class(name.id == f"name-{current}", "current")
