"""Which panes are on screen: a decision that depends on room, on the current pane and on zoom."""

from __future__ import annotations

from typing import NamedTuple

from sloth_tui.tui.actions import PANES

_DOCK = ("locks", "stats", "run")
NARROW, NORMAL, WIDE = 76, 108, 168
"""Widths in cells from which there is room for two, three and all columns of panes."""
TALL = 22
"""Height in lines from which more than one pane fits."""


class Layout(NamedTuple):
    panes: frozenset[str]
    strip: bool
    """Whether the line of pane names is shown, because some panes are not."""


def arrange(width: int, height: int, current: str, *, zoomed: bool) -> Layout:
    """The panes to show in a terminal of this size; ``current`` is always one of them."""
    if zoomed or width < NARROW or height < TALL:
        return Layout(frozenset({current}), True)
    dock = current if current in _DOCK else "locks"
    if width < NORMAL:
        middle = "detail" if current == "detail" else "keys"
        return Layout(frozenset({"agents", middle, dock}), True)
    if width < WIDE:
        below = {"run"} if current == "run" else {"locks", "stats"}
        return Layout(frozenset({"agents", "keys", "detail", *below}), False)
    return Layout(frozenset(PANES), False)
