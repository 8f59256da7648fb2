"""Which panes are on screen: a decision that depends on room, on the current pane and on zoom."""

from __future__ import annotations

from typing import NamedTuple

from sloth_tui.tui.actions import DOCK

NARROW, NORMAL, WIDE = 76, 108, 168
"""Widths in cells from which there is room for two, three and generous columns of panes."""
TALL = 22
"""Height in lines from which more than one pane fits."""


class Layout(NamedTuple):
    panes: frozenset[str]
    """Those in sight; of the dock's, the one whose tab is chosen."""
    strip: bool
    """Whether the line of pane names is shown, because some are neither in sight nor a tab of the dock."""


def arrange(width: int, height: int, current: str, tab: str, *, zoomed: bool) -> Layout:
    """The panes to show in a terminal of this size; ``current`` is always one of them, ``tab`` is the one
    that the dock shows."""
    if zoomed or width < NARROW or height < TALL:
        return Layout(frozenset({current}), True)
    dock = current if current in DOCK else tab
    if width < NORMAL:
        middle = "detail" if current == "detail" else "keys"
        return Layout(frozenset({"agents", middle, dock}), True)
    return Layout(frozenset({"agents", "keys", "detail", dock}), False)
