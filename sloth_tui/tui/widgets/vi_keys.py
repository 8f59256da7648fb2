"""Arrows and vi keys of views of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding

if TYPE_CHECKING:
    from textual.binding import BindingType

SCROLLING: tuple[BindingType, ...] = (
    Binding("k", "scroll_up", "Line up", show=False),
    Binding("j", "scroll_down", "Line down", show=False),
    Binding("ctrl+b,ctrl+u", "page_up", "Page up", show=False),
    Binding("ctrl+f,ctrl+d", "page_down", "Page down", show=False),
    Binding("g", "scroll_home", "First line", show=False),
    Binding("G", "scroll_end", "Last line", show=False),
)
"""For widgets that are scrollable containers; the framework binds their arrows."""
FAR = 1_000_000_000
"""Further than any view has lines."""
WALKING: tuple[BindingType, ...] = (
    Binding("up,k", "walk(-1)", "Line up", show=False),
    Binding("down,j", "walk(1)", "Line down", show=False),
    Binding("pageup,ctrl+b,ctrl+u", "walk_page(-1)", "Page up", show=False),
    Binding("pagedown,ctrl+f,ctrl+d", "walk_page(1)", "Page down", show=False),
    Binding("home,g", f"walk(-{FAR})", "First line", show=False),
)
"""For widgets with a cursor of their own; what the last line means differs."""
