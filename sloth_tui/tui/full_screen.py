"""What the screens that fill the terminal have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.screen import Screen

if TYPE_CHECKING:
    from textual.widget import Widget


class FullScreen(Screen[None]):
    """A screen on which the focus moves at little cost, and stays where it was put."""

    # A change does not redraw the whole screen: the widgets concerned draw themselves.
    focused: reactive[Widget | None] = reactive(None, repaint=False)

    def _reset_focus(self, widget: Widget, avoiding: list[Widget] | None = None) -> None:
        """Move the focus on from a widget that cannot have it any longer. The framework also asks for this
        when a hidden widget hears that it is: by then it may be shown again, and typed in. While the app ends
        it stays where it is, and nothing is styled for that."""
        if not self.app.is_running:
            return
        if widget in (avoiding or ()) or not _can_have_focus(widget):
            super()._reset_focus(widget, avoiding)


def _can_have_focus(widget: Widget) -> bool:
    """True if it is on a screen that shows it, and takes keys."""
    return (
        widget.is_attached
        and widget.focusable
        and all(node.display for node in widget.ancestors_with_self if node is not widget.app)
    )
