"""How large the panes are: what somebody made of them, within what fits."""

from __future__ import annotations

from typing import NamedTuple

from sloth_tui.tui.browser.layout import NORMAL, WIDE

_USUAL = {
    "narrow": {"agents": 24, "dock": 8},
    "normal": {"agents": 22, "detail": 32, "dock": 11},
    "wide": {"agents": 34, "detail": 60, "dock": 15},
}
_RUN_SHARE = 0.45
"""What a run's output takes of the height unless told otherwise."""
_LEAST = {"agents": 12, "detail": 20}
_LEAST_MIDDLE = 30
"""Cells that the keys keep."""
_LEAST_DOCK = 4
_LEAST_BODY = 9
_OTHER_LINES = 3
"""Title, pane names and key bar."""


class Shape(NamedTuple):
    """Cells of width and lines of height, edges included."""

    agents: int
    detail: int
    dock: int


def room(width: int) -> str:
    """The class of a width: sizes are remembered for each."""
    return "wide" if width >= WIDE else "normal" if width >= NORMAL else "narrow"


def dock_name(tab: str) -> str:
    """Under which name the height of the dock is kept: a run wants another than the lists."""
    return "run" if tab == "run" else "dock"


def measure(width: int, height: int, tab: str, chosen: dict[str, int]) -> Shape:
    """The sizes in a terminal of this size, where ``chosen`` are those that somebody gave (for this room)."""
    usual = _USUAL[room(width)]
    agents = max(chosen.get("agents", usual["agents"]), _LEAST["agents"])
    detail = 0
    if "detail" in usual:
        detail = max(chosen.get("detail", usual["detail"]), _LEAST["detail"])
        detail = min(detail, width - _LEAST["agents"] - _LEAST_MIDDLE)
    agents = min(agents, width - detail - _LEAST_MIDDLE)
    dock = chosen.get(dock_name(tab), int(height * _RUN_SHARE) if tab == "run" else usual["dock"])
    return Shape(agents, detail, max(min(dock, height - _OTHER_LINES - _LEAST_BODY), _LEAST_DOCK))
