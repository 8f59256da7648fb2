"""Widgets whose content changes often, but not their size.

The framework would lay out the whole screen each time, which takes longer than the rest of a key press.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input, Static

if TYPE_CHECKING:
    from typing import Self

    from textual.geometry import Region
    from textual.visual import VisualType


class NoRelayoutStatic(Static):
    """A Static that lays out the screen only when its automatic height changes."""

    def update(self, content: VisualType = "", *, layout: bool = True) -> None:
        super().update(content, layout=False)
        width, height = self.content_size
        if layout and (not width or self.visual.get_height(self.styles.get_render_rules(), width) != height):
            self.refresh(layout=True)


class NoRelayoutInput(Input):
    """An Input that never lays out the screen: its width does not depend on its text."""

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        return super().refresh(*regions, repaint=repaint, recompose=recompose)
