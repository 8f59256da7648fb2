"""Move between panes, and resize them, by key and by dragging their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.actions import DOCK
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.browser.layout import dock_name, room
from sloth_tui.tui.widgets.dock.dock import Dock

if TYPE_CHECKING:
    from sloth_tui.tui.widgets.pane import Edged

_CELLS, _LINES = 2, 1
"""How much a key grows or shrinks a pane."""


class PanesController(Controller):
    """Resizes the two side columns and the dock; the keys take the rest."""

    def action_show_pane(self, name: str) -> None:
        """Bring a pane on screen and put the focus into it."""
        self.panes.show(name)

    def action_next_pane(self) -> None:
        self.panes.step(1)

    def action_previous_pane(self) -> None:
        self.panes.step(-1)

    def action_zoom(self) -> None:
        self.panes.zoomed = not self.panes.zoomed

    def action_wider(self) -> None:
        self._widen(_CELLS)

    def action_narrower(self) -> None:
        self._widen(-_CELLS)

    def action_taller(self) -> None:
        self._heighten(_LINES)

    def action_shorter(self) -> None:
        self._heighten(-_LINES)

    def action_usual_sizes(self) -> None:
        self.context.ui_state.note(sizes={}, collapsed=())
        self.panes.rearrange()

    def action_collapse(self) -> None:
        """Put the current pane away. From the keys, which always stay: bring all panes back."""
        if len(self.panes.in_sight) == 1:
            self.panes.zoomed = False
        elif self.panes.current == "keys":
            self.context.ui_state.note(collapsed=())
        else:
            place = self.panes.place_of(self.panes.current)
            self.context.ui_state.note(collapsed=(*self.context.ui_state.now.collapsed, place))
            self.panes.show("keys")
        self.panes.rearrange()

    def on_edged_grabbed(self, message: Edged.Grabbed) -> None:
        self.panes.show(self._shown_in(message.pane))

    def on_edged_double_clicked(self, message: Edged.DoubleClicked) -> None:
        self.panes.show(self._shown_in(message.pane))
        self.action_zoom()

    def on_edged_dragged(self, message: Edged.Dragged) -> None:
        """Move the edge between two panes to the mouse."""
        if len(self.panes.in_sight) == 1:
            return
        pane, edge, width = message.pane, message.edge, self.screen.app.size.width
        beyond = 1 if edge in ("right", "bottom") else 0
        if (pane, edge) == ("agents", "right") or (edge == "left" and self._is_second(pane)):
            self._resize("agents", message.x + beyond)
        elif (pane, edge) in (("keys", "right"), ("detail", "left")):
            self._resize("detail", width - message.x - beyond)
        elif (pane, edge) == ("dock", "top") or (pane != "dock" and edge == "bottom"):
            dock = self.screen.query_one(Dock)
            ui_state = self.context.ui_state
            ui_state.note(collapsed=tuple(name for name in ui_state.now.collapsed if name != "dock"))
            self._resize(dock_name(dock.tab), dock.region.bottom - message.y - beyond)

    def _is_second(self, pane: str) -> bool:
        """True if this pane stands beside the agents."""
        return pane == "keys" or (pane == "detail" and "keys" not in self.panes.in_sight)

    def _shown_in(self, place: str) -> str:
        return self.screen.query_one(Dock).tab if place == "dock" else place

    def _widen(self, by: int) -> None:
        if len(self.panes.in_sight) == 1 or self.panes.current in DOCK:
            return
        shape = self.panes.shape
        if self.panes.current == "agents":
            self._resize("agents", shape.agents + by)
        elif not {"keys", "detail"} <= self.panes.in_sight:
            self._resize("agents", shape.agents - by)
        else:
            self._resize("detail", shape.detail + (by if self.panes.current == "detail" else -by))

    def _heighten(self, by: int) -> None:
        if len(self.panes.in_sight) > 1 and not self.panes.in_sight.isdisjoint(DOCK):
            height = self.panes.shape.dock + (by if self.panes.current in DOCK else -by)
            self._resize(dock_name(self.screen.query_one(Dock).tab), height)

    def _resize(self, name: str, size: int) -> None:
        """Give a pane a size, as far as it fits."""
        which = room(self.screen.app.size.width)
        self._keep_size(which, name, size)
        self.panes.rearrange()
        fitting = self.panes.shape.dock if name in ("dock", "run") else getattr(self.panes.shape, name)
        if fitting != size:
            self._keep_size(which, name, fitting)

    def _keep_size(self, which: str, name: str, size: int) -> None:
        sizes = self.context.ui_state.now.sizes
        self.context.ui_state.note(sizes={**sizes, which: {**sizes.get(which, {}), name: max(size, 1)}})
