"""A line of names of which one is chosen."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from sloth_tui.text import display_text


class Tab(NamedTuple):
    """All but ``amount`` are the program's own words."""

    id: str
    key: str
    name: str
    action: str
    """Carried out by a click."""
    amount: str = ""


class TabStrip(Static):
    """Tabs with their keys and counts; the chosen one stands out by more than its colour."""

    auto_links = False
    """The strip has its own colours for what can be clicked."""

    tabs: reactive[tuple[Tab, ...]] = reactive(())
    chosen: reactive[str] = reactive("")

    def render(self) -> Content:
        return Content("  ").join(self._drawn(tab) for tab in self.tabs)

    def _drawn(self, tab: Tab) -> Content:
        style = "bold underline $primary" if tab.id == self.chosen else "$quiet"
        count = f" {display_text(tab.amount)}" if tab.amount else ""
        return Content.from_markup(
            f"[@click={tab.action}][$quiet]$key[/] [{style}]$name[/][$quiet]$count[/][/]",
            key=tab.key,
            name=tab.name,
            count=count,
        )
