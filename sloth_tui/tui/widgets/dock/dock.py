"""The dock: the place at the bottom, whose panes are tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.reactive import reactive

from sloth_tui.text import display_text
from sloth_tui.tui.widgets.pane import Edged
from sloth_tui.tui.widgets.title_bar import make_clickable

if TYPE_CHECKING:
    from sloth_tui.tui.widgets.pane import HostedPane


class Dock(Edged):
    """Shows one of its panes; the upper edge holds the names and counts of all, which can be clicked."""

    tab: reactive[str] = reactive("", init=False)
    """The id of the pane that is shown."""
    folded: reactive[bool] = reactive(False, init=False)
    """True if only the tabs are shown."""

    def __init__(self, tabs: dict[str, str], first: int) -> None:
        """``tabs``: id -> name of the panes, numbered from ``first`` on."""
        super().__init__(id="dock")
        self._tabs = tabs
        self._first = first
        self._counts: dict[str, tuple[str, str]] = {}
        self.set_reactive(Dock.tab, next(iter(tabs)))

    def on_mount(self) -> None:
        self._draw_edges()

    async def fill(self, panes: list[HostedPane]) -> None:
        """Mount the panes."""
        for pane in panes:
            pane.display = pane.id == self.tab
        await self.mount_all(panes)

    def watch_tab(self) -> None:
        for pane in self.children:
            pane.display = pane.id == self.tab
        self._draw_edges()

    def watch_folded(self) -> None:
        self.set_class(self.folded, "folded")
        self._draw_edges()

    def on_hosted_pane_entitled(self, message: HostedPane.Entitled) -> None:
        message.stop()
        self._counts[message.pane] = message.count, message.note
        self._draw_edges()

    def _draw_edges(self) -> None:
        tabs = [self._drawn(pane, number) for number, pane in enumerate(self._tabs, self._first)]
        _, note = self._counts.get(self.tab, ("", ""))
        title = Content(" · ").stylize("$edge").join(tabs)
        if self.folded:
            # An edge without corners leaves no room beside its title.
            title = title.pad(1, 1)
        self.set_edges(title, Content(display_text(note)))

    def _drawn(self, pane: str, number: int) -> Content:
        style = "bold underline" if pane == self.tab else ""
        name = Content.assemble((str(number), "$quiet"), " ", (self._tabs[pane], style))
        count, _ = self._counts.get(pane, ("", ""))
        if count:
            name = Content.assemble(name, " ", (display_text(count), "$quiet"))
        return make_clickable(name, f"screen.click('show_{pane}')")
