"""A screen of panes: which of them are shown, and which one has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.screen import Screen

from sloth_tui.tui.actions import DOCK, PANES
from sloth_tui.tui.screens.layout import Layout, arrange
from sloth_tui.tui.widgets.dock import Dock
from sloth_tui.tui.widgets.pane import Pane
from sloth_tui.tui.widgets.title_bar import PaneStrip

if TYPE_CHECKING:
    from textual.events import DescendantFocus, Resize
    from textual.widget import Widget

_ORDER = tuple(PANES)


class PanedScreen(Screen[None]):
    """Shows as many panes as there is room for; the pane with the focus always."""

    current: reactive[str] = reactive("keys", init=False)
    """The pane that has, or last had, the focus."""
    zoomed: reactive[bool] = reactive(False, init=False)

    _arranged: Layout | None = None

    def pane(self, name: str) -> Pane:
        return self.query_one(f"#{name}", Pane)

    def on_resize(self, event: Resize) -> None:
        self._arrange(event.size.width, event.size.height)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        pane = self._pane_of(event.widget)
        if pane is not None:
            self.current = pane

    def watch_current(self) -> None:
        self._arrange(*self.app.size)

    def watch_zoomed(self) -> None:
        self._arrange(*self.app.size)

    def action_show_pane(self, name: str) -> None:
        """Bring a pane on screen and put the focus into it."""
        self.current = name
        target = next((widget for widget in self._focusable(name)), None)
        if target is not None:
            target.focus()

    def action_next_pane(self) -> None:
        self._step(1)

    def action_previous_pane(self) -> None:
        self._step(-1)

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed

    def _arrange(self, width: int, height: int) -> None:
        dock = self.query_one(Dock)
        if self.current in DOCK:
            dock.tab = self.current
        layout = arrange(width, height, self.current, dock.tab, zoomed=self.zoomed)
        self.query_one(PaneStrip).current = self.current
        if layout == self._arranged:
            return
        self._arranged = layout
        for name in PANES:
            if name not in DOCK:
                self.pane(name).display = name in layout.panes
        self.query_one("#body").display = not layout.panes <= set(DOCK)
        dock.display = not layout.panes.isdisjoint(DOCK)
        self.set_class(len(layout.panes) == 1, "one-pane")
        self.set_class("run" in layout.panes, "tall-dock")
        self.query_one(PaneStrip).display = layout.strip

    def _pane_of(self, widget: Widget) -> str | None:
        for node in widget.ancestors_with_self:
            if isinstance(node, Pane):
                return node.id
        return None

    def _focusable(self, name: str) -> list[Widget]:
        """What can take the focus in a pane, the main thing first."""
        found = [widget for widget in self.pane(name).query("*") if widget.can_focus and widget.display]
        return sorted(found, key=lambda widget: not widget.has_class("main"))

    def _step(self, by: int) -> None:
        """The next place of this pane that takes the focus, or else the next pane."""
        focused = self.focused
        here = [widget for widget in self.focus_chain if self._pane_of(widget) == self.current]
        if focused in here and 0 <= here.index(focused) + by < len(here):
            here[here.index(focused) + by].focus()
            return
        self.action_show_pane(_ORDER[(_ORDER.index(self.current) + by) % len(_ORDER)])
