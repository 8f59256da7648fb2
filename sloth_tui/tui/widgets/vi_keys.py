"""Vi keys for views that only scroll; the framework binds the arrows."""

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
"""For widgets that are scrollable containers."""
