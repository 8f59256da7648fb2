"""Parts of a line that do something when they are clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.style import Style

if TYPE_CHECKING:
    from textual.content import Content


def clickable(content: Content, action: str) -> Content:
    """The same in its own colours; a click on it carries out ``action``, the program's own words."""
    return content.stylize(Style.from_meta({"@click": action}))
