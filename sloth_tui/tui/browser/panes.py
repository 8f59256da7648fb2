"""A screen of panes: which of them are shown, and which one has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.screen import Screen

from sloth_tui.tui.actions import DOCK, PANES
from sloth_tui.tui.browser.layout import Layout, arrange
from sloth_tui.tui.browser.sizes import Shape, measure, room
from sloth_tui.tui.ui_state import Memory
from sloth_tui.tui.widgets.dock.dock import Dock
from sloth_tui.tui.widgets.pane import Pane
from sloth_tui.tui.widgets.title_bar import PaneStrip

if TYPE_CHECKING:
    from textual.events import DescendantFocus, Resize
    from textual.widget import Widget

_ORDER = tuple(PANES)


class PanedScreen(Screen[None]):
    """Shows as many panes as there is room for; the pane with the focus always."""

    # None of these is a reason to draw the whole screen: what looks different then draws itself.
    focused: reactive[Widget | None] = reactive(None, repaint=False)
    current: reactive[str] = reactive("keys", init=False, repaint=False)
    """The pane that has, or last had, the focus."""
    zoomed: reactive[bool] = reactive(False, init=False, repaint=False)

    _arranged: tuple[Layout, Shape] | None = None

    def __init__(self) -> None:
        super().__init__()
        self.memory = Memory()
        """How the screen was left, and is now."""

    @property
    def in_sight(self) -> frozenset[str]:
        """The panes that can be seen."""
        return self._arranged[0].panes if self._arranged else frozenset()

    @property
    def shape(self) -> Shape:
        """How large they are."""
        assert self._arranged is not None
        return self._arranged[1]

    @staticmethod
    def place_of(pane: str) -> str:
        """Where a pane is: those with a tab in the dock share one place."""
        return "dock" if pane in DOCK else pane

    def pane(self, name: str) -> Pane:
        return self.query_one(f"#{name}", Pane)

    def on_resize(self, event: Resize) -> None:
        self._arrange(event.size.width, event.size.height)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        # News of a widget may come late; what counts is who has the focus now.
        pane = None if self.focused is None else self._pane_of(self.focused)
        if pane is not None:
            self.current = pane

    def watch_current(self) -> None:
        self.rearrange()

    def watch_zoomed(self) -> None:
        self.rearrange()

    def rearrange(self) -> None:
        """Something changed that the layout depends on."""
        self._arrange(*self.app.size)

    def action_show_pane(self, name: str) -> None:
        """Bring a pane on screen and put the focus into it."""
        self.memory.note(
            collapsed=tuple(place for place in self.memory.now.collapsed if place != self.place_of(name))
        )
        self.current = name
        self.rearrange()
        self._enter(name)

    def enter_current(self) -> None:
        """Put the focus into the pane that was shown when there was nothing in it yet to take it."""
        if self.focused is None:
            self._enter(self.current)

    def action_next_pane(self) -> None:
        self._step(1)

    def action_previous_pane(self) -> None:
        self._step(-1)

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed

    def _arrange(self, width: int, height: int) -> None:
        dock, now = self.query_one(Dock), self.memory.now
        if self.current in DOCK:
            dock.tab = self.current
            self.memory.note(tab=dock.tab)
        layout = arrange(width, height, self.current, dock.tab, zoomed=self.zoomed, collapsed=now.collapsed)
        shape = measure(width, height, dock.tab, now.sizes.get(room(width), {}))
        self.query_one(PaneStrip).current = self.current
        if (layout, shape) == self._arranged:
            return
        self._arranged = layout, shape
        for name in PANES:
            if name not in DOCK:
                self.pane(name).display = name in layout.panes
        self.query_one("#body").display = not layout.panes <= set(DOCK)
        dock.display = layout.folded or not layout.panes.isdisjoint(DOCK)
        dock.folded = layout.folded
        self.query_one(PaneStrip).display = layout.strip
        self._give_sizes(layout, shape)

    def _give_sizes(self, layout: Layout, shape: Shape) -> None:
        alone = len(layout.panes) == 1
        self.set_class(alone, "one-pane")
        self.pane("agents").styles.width = "1fr" if alone else shape.agents
        self.pane("detail").styles.width = shape.detail if "keys" in layout.panes else "1fr"
        self.query_one(Dock).styles.height = 1 if layout.folded else "1fr" if alone else shape.dock

    def _enter(self, name: str) -> None:
        target = next((widget for widget in self._focusable(name)), None)
        if target is not None:
            target.focus()
        else:
            # What is pressed now is not for the pane before.
            self.set_focus(None)

    def _pane_of(self, widget: Widget) -> str | None:
        for node in widget.ancestors_with_self:
            if isinstance(node, Pane) and node.id in PANES:
                return node.id
        return None

    def _focusable(self, name: str) -> list[Widget]:
        """What can take the focus in a pane, the main thing first."""
        found = [widget for widget in self.query(f"#{name} *") if widget.can_focus and widget.display]
        return sorted(found, key=lambda widget: not widget.has_class("main"))

    def _step(self, by: int) -> None:
        """The next place of this pane that takes the focus, or else the next pane."""
        focused = self.focused
        here = [widget for widget in self.focus_chain if self._pane_of(widget) == self.current]
        if focused in here and 0 <= here.index(focused) + by < len(here):
            here[here.index(focused) + by].focus()
            return
        away = () if len(self.in_sight) == 1 else self.memory.now.collapsed
        there = [name for name in _ORDER if self.place_of(name) not in away]
        self.action_show_pane(there[(there.index(self.current) + by) % len(there)])
