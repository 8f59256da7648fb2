"""Decide which panes are on screen and how large they are: by the room, the current pane, zoom, and the sizes
the user gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.tui.actions import DOCK

if TYPE_CHECKING:
    from collections.abc import Collection

NARROW, NORMAL, WIDE = 76, 108, 168
"""Widths in cells from which two, three and generous columns of panes fit."""
TALL = 22
"""Height in lines from which more than one pane fits."""


class Layout(NamedTuple):
    panes: frozenset[str]
    """The panes on screen; of the dock's, the one whose tab is chosen."""
    strip: bool
    """True if the line of pane names is shown: some panes are neither on screen nor a tab of the dock."""
    folded: bool
    """True if the dock shows only its tabs."""


def arrange(
    width: int,
    height: int,
    current: str,
    tab: str,
    *,
    zoomed: bool,
    collapsed: Collection[str] = (),
) -> Layout:
    """Return the panes to show in a terminal of this size, in cells and lines.

    ``current`` is always one of them, ``tab`` is the one in the dock, ``collapsed`` are places put away.
    """
    if zoomed or width < NARROW or height < TALL:
        return Layout(frozenset({current}), True, False)
    panes = {"agents", "keys", "detail"}
    if width < NORMAL:
        panes.discard("keys" if current == "detail" else "detail")
    strip = len(panes) < 3
    for name in panes & set(collapsed) - {current, "keys"}:
        panes.discard(name)
        strip = True
    folded = "dock" in collapsed and current not in DOCK
    if not folded:
        panes.add(current if current in DOCK else tab)
    return Layout(frozenset(panes), strip, folded)


_DEFAULT_SIZES = {
    "narrow": {"agents": 24, "dock": 8},
    "normal": {"agents": 22, "detail": 32, "dock": 11},
    "wide": {"agents": 34, "detail": 60, "dock": 15},
}
_RUN_SHARE = 0.45
"""Share of the height that a run's output takes by default."""
_MIN_WIDTHS = {"agents": 12, "detail": 20}
_MIN_KEYS_WIDTH = 30
"""Cells the keys always keep."""
_MIN_DOCK_HEIGHT = 4
_MIN_BODY_HEIGHT = 9
_OTHER_LINES = 3
"""Title, pane names and key bar."""


class Shape(NamedTuple):
    """Widths in cells and a height in lines, edges included."""

    agents: int
    detail: int
    dock: int


def room(width: int) -> str:
    """Return the class of a width: sizes are kept for each."""
    return "wide" if width >= WIDE else "normal" if width >= NORMAL else "narrow"


def dock_name(tab: str) -> str:
    """Return the name under which the dock's height is kept: a run has its own."""
    return "run" if tab == "run" else "dock"


def measure(width: int, height: int, tab: str, chosen: dict[str, int]) -> Shape:
    """Return the sizes in a terminal of this size; ``chosen`` are those the user gave for this room."""
    usual = _DEFAULT_SIZES[room(width)]
    agents = max(chosen.get("agents", usual["agents"]), _MIN_WIDTHS["agents"])
    detail = 0
    if "detail" in usual:
        detail = max(chosen.get("detail", usual["detail"]), _MIN_WIDTHS["detail"])
        detail = min(detail, width - _MIN_WIDTHS["agents"] - _MIN_KEYS_WIDTH)
    agents = min(agents, width - detail - _MIN_KEYS_WIDTH)
    dock = chosen.get(dock_name(tab), int(height * _RUN_SHARE) if tab == "run" else usual["dock"])
    return Shape(agents, detail, max(min(dock, height - _OTHER_LINES - _MIN_BODY_HEIGHT), _MIN_DOCK_HEIGHT))
