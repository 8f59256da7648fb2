"""Which panes are on screen: a decision that depends on room, on the current pane and on zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.tui.actions import DOCK

if TYPE_CHECKING:
    from collections.abc import Collection

NARROW, NORMAL, WIDE = 76, 108, 168
"""Widths in cells from which there is room for two, three and generous columns of panes."""
TALL = 22
"""Height in lines from which more than one pane fits."""


class Layout(NamedTuple):
    panes: frozenset[str]
    """Those in sight; of the dock's, the one whose tab is chosen."""
    strip: bool
    """Whether the line of pane names is shown, because some are neither in sight nor a tab of the dock."""
    folded: bool
    """Whether the dock is there with its tabs only."""


def arrange(
    width: int,
    height: int,
    current: str,
    tab: str,
    *,
    zoomed: bool,
    collapsed: Collection[str] = (),
) -> Layout:
    """The panes to show in a terminal of this size; ``current`` is always one of them, ``tab`` is the one
    that the dock shows, ``collapsed`` are places that were put away."""
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
