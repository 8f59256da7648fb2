"""Arrange the panes of the screen: which are shown, how large, and which has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.actions import DOCK, PANES
from sloth_tui.tui.browser.layout import Layout, Shape, arrange, measure, room
from sloth_tui.tui.widgets.dock.dock import Dock
from sloth_tui.tui.widgets.pane import HostedPane, Pane
from sloth_tui.tui.widgets.title_bar import PaneStrip

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.screen import Screen
    from textual.widget import Widget

    from sloth_tui.tui.ui_state import UiStateFile

_ORDER = tuple(PANES)


class Panes:
    """Shows as many panes as fit, and always the one with the focus."""

    def __init__(
        self, screen: Screen[None], ui_state: UiStateFile, current_changed: Callable[[], None]
    ) -> None:
        self._screen = screen
        self._ui_state = ui_state
        self._current_changed = current_changed
        self._current = "keys"
        self._zoomed = False
        self._arranged: tuple[Layout, Shape] | None = None

    @property
    def current(self) -> str:
        """The pane that has, or last had, the focus."""
        return self._current

    @current.setter
    def current(self, pane: str) -> None:
        if pane != self._current:
            self._current = pane
            self.rearrange()
            self._current_changed()

    @property
    def zoomed(self) -> bool:
        """True if the current pane has the whole screen."""
        return self._zoomed

    @zoomed.setter
    def zoomed(self, zoomed: bool) -> None:
        if zoomed != self._zoomed:
            self._zoomed = zoomed
            self.rearrange()

    @property
    def in_sight(self) -> frozenset[str]:
        """The panes that are on screen."""
        return self._arranged[0].panes if self._arranged else frozenset()

    @property
    def shape(self) -> Shape:
        """The sizes of the panes."""
        assert self._arranged is not None
        return self._arranged[1]

    @staticmethod
    def place_of(pane: str) -> str:
        """Return the place of a pane: those with a tab in the dock share one."""
        return "dock" if pane in DOCK else pane

    def pane(self, name: str) -> Widget:
        return self._screen.query_one(f"#{name}")

    def focus_moved(self) -> None:
        """Follow the focus, which may be in another pane now."""
        # The event may arrive late; what counts is the focus now.
        focused = self._screen.focused
        pane = None if focused is None else self._pane_of(focused)
        if pane is not None:
            self.current = pane

    def rearrange(self) -> None:
        """Arrange the panes again after a change that the layout depends on."""
        self.arrange(*self._screen.app.size)

    def show(self, name: str) -> None:
        """Bring a pane on screen and put the focus into it."""
        ui_state = self._ui_state
        ui_state.note(
            collapsed=tuple(place for place in ui_state.now.collapsed if place != self.place_of(name))
        )
        self.current = name
        self.rearrange()
        self._enter(name)

    def enter_current(self) -> None:
        """Focus the current pane if it was still empty when it was shown."""
        if self._screen.focused is None:
            self._enter(self.current)

    def arrange(self, width: int, height: int) -> None:
        """Lay the panes out for a screen of this size."""
        dock, now = self._screen.query_one(Dock), self._ui_state.now
        if self.current in DOCK:
            dock.tab = self.current
            self._ui_state.note(tab=dock.tab)
        layout = arrange(width, height, self.current, dock.tab, zoomed=self.zoomed, collapsed=now.collapsed)
        shape = measure(width, height, dock.tab, now.sizes.get(room(width), {}))
        strip = self._screen.query_one(PaneStrip)
        strip.current = self.current
        if (layout, shape) == self._arranged:
            return
        self._arranged = layout, shape
        for name in PANES:
            if name not in DOCK:
                self.pane(name).display = name in layout.panes
        self._screen.query_one("#body").display = not layout.panes <= set(DOCK)
        dock.display = layout.folded or not layout.panes.isdisjoint(DOCK)
        dock.folded = layout.folded
        strip.display = layout.strip
        self._give_sizes(layout, shape)

    def step(self, by: int) -> None:
        """Move the focus to the next widget of this pane, else to the next pane."""
        focused = self._screen.focused
        here = [widget for widget in self._screen.focus_chain if self._pane_of(widget) == self.current]
        if focused in here and 0 <= here.index(focused) + by < len(here):
            self._screen.set_focus(here[here.index(focused) + by])
            return
        away = () if len(self.in_sight) == 1 else self._ui_state.now.collapsed
        there = [name for name in _ORDER if self.place_of(name) not in away]
        self.show(there[(there.index(self.current) + by) % len(there)])

    def _give_sizes(self, layout: Layout, shape: Shape) -> None:
        alone = len(layout.panes) == 1
        self._screen.set_class(alone, "one-pane")
        self.pane("agents").styles.width = "1fr" if alone else shape.agents
        self.pane("detail").styles.width = shape.detail if "keys" in layout.panes else "1fr"
        dock = self._screen.query_one(Dock)
        dock.styles.height = 1 if layout.folded else "1fr" if alone else shape.dock

    def _enter(self, name: str) -> None:
        target = next((widget for widget in self._focusable(name)), None)
        if target is not None:
            # At once: until it has the focus, a late event would lead back to the pane that had it.
            self._screen.set_focus(target)
        else:
            # Keys pressed now are not for the previous pane.
            self._screen.set_focus(None)

    def _pane_of(self, widget: Widget) -> str | None:
        for node in widget.ancestors_with_self:
            if isinstance(node, Pane | HostedPane) and node.id in PANES:
                return node.id
        return None

    def _focusable(self, name: str) -> list[Widget]:
        """Return the widgets of a pane that can take the focus, the main one first."""
        found = [widget for widget in self._screen.query(f"#{name} *") if widget.can_focus and widget.display]
        return sorted(found, key=lambda widget: not widget.has_class("main"))
