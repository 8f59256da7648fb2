"""Making panes larger and smaller, by key and by dragging their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.actions import DOCK
from sloth_tui.tui.browser.acting import Acting
from sloth_tui.tui.browser.sizes import dock_name, room
from sloth_tui.tui.widgets.dock.dock import Dock

if TYPE_CHECKING:
    from sloth_tui.tui.widgets.pane import Edged

_CELLS, _LINES = 2, 1
"""By how much a key makes a pane larger."""


class SizeActions(Acting):
    """Sizes belong to the two columns at the sides and to the dock; the keys have the rest."""

    def action_wider(self) -> None:
        self._widen(_CELLS)

    def action_narrower(self) -> None:
        self._widen(-_CELLS)

    def action_taller(self) -> None:
        self._heighten(_LINES)

    def action_shorter(self) -> None:
        self._heighten(-_LINES)

    def action_usual_sizes(self) -> None:
        self.memory.note(sizes={}, collapsed=())
        self.rearrange()

    def action_collapse(self) -> None:
        """Put the pane away; from the keys, which always stay, bring back what was put away."""
        if len(self.in_sight) == 1:
            self.zoomed = False
        elif self.current == "keys":
            self.memory.note(collapsed=())
        else:
            self.memory.note(collapsed=(*self.memory.now.collapsed, self.place_of(self.current)))
            self.action_show_pane("keys")
        self.rearrange()

    def on_edged_grabbed(self, message: Edged.Grabbed) -> None:
        self.action_show_pane(self._shown_in(message.pane))

    def on_edged_thrown(self, message: Edged.Thrown) -> None:
        self.action_show_pane(self._shown_in(message.pane))
        self.action_zoom()

    def on_edged_dragged(self, message: Edged.Dragged) -> None:
        """The edge between two panes is where the mouse is now."""
        if len(self.in_sight) == 1:
            return
        pane, edge, width = message.pane, message.edge, self.app.size.width
        beyond = 1 if edge in ("right", "bottom") else 0
        if (pane, edge) == ("agents", "right") or (edge == "left" and self._is_second(pane)):
            self._resize("agents", message.x + beyond)
        elif (pane, edge) in (("keys", "right"), ("detail", "left")):
            self._resize("detail", width - message.x - beyond)
        elif (pane, edge) == ("dock", "top") or (pane != "dock" and edge == "bottom"):
            dock = self.query_one(Dock)
            self.memory.note(collapsed=tuple(name for name in self.memory.now.collapsed if name != "dock"))
            self._resize(dock_name(dock.tab), dock.region.bottom - message.y - beyond)

    def _is_second(self, pane: str) -> bool:
        """Whether it stands beside the agents."""
        return pane == "keys" or (pane == "detail" and "keys" not in self.in_sight)

    def _shown_in(self, place: str) -> str:
        return self.query_one(Dock).tab if place == "dock" else place

    def _widen(self, by: int) -> None:
        if len(self.in_sight) == 1 or self.current in DOCK:
            return
        shape = self.shape
        if self.current == "agents":
            self._resize("agents", shape.agents + by)
        elif not {"keys", "detail"} <= self.in_sight:
            self._resize("agents", shape.agents - by)
        else:
            self._resize("detail", shape.detail + (by if self.current == "detail" else -by))

    def _heighten(self, by: int) -> None:
        if len(self.in_sight) > 1 and not self.in_sight.isdisjoint(DOCK):
            height = self.shape.dock + (by if self.current in DOCK else -by)
            self._resize(dock_name(self.query_one(Dock).tab), height)

    def _resize(self, name: str, size: int) -> None:
        """Give a pane a size, as far as that fits."""
        which = room(self.app.size.width)
        self._keep_size(which, name, size)
        self.rearrange()
        fitting = self.shape.dock if name in ("dock", "run") else getattr(self.shape, name)
        if fitting != size:
            self._keep_size(which, name, fitting)

    def _keep_size(self, which: str, name: str, size: int) -> None:
        sizes = self.memory.now.sizes
        self.memory.note(sizes={**sizes, which: {**sizes.get(which, {}), name: max(size, 1)}})
