"""Make parts of a line clickable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.style import Style

if TYPE_CHECKING:
    from textual.content import Content


def clickable(content: Content, action: str) -> Content:
    """Return the content so that a click carries out ``action``, which must not hold data."""
    return content.stylize(Style.from_meta({"@click": action}))
