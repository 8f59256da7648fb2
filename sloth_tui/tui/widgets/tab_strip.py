"""A line of tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from sloth_tui.text import display_text
from sloth_tui.tui.actions import by_id, shown_key

if TYPE_CHECKING:
    from collections.abc import Mapping


class Tab(NamedTuple):
    """A tab. Only ``amount`` may hold data."""

    id: str
    key: str
    name: str
    action: str
    """The action of a click."""
    amount: str = ""


def tabs_of(group: str, names: Mapping[str, str], amounts: Mapping[str, str]) -> tuple[Tab, ...]:
    """Return a tab for each part of a screen (id -> name) that the action ``<group>_<id>`` shows."""
    return tuple(
        Tab(
            part,
            shown_key(by_id(f"{group}_{part}").key),
            name,
            f"screen.click('{group}_{part}')",
            amounts.get(part, ""),
        )
        for part, name in names.items()
    )


class TabStrip(Static):
    """Shows tabs with their keys and counts; the chosen one differs by more than its colour."""

    auto_links = False
    """The strip has its own colours for what can be clicked."""

    tabs: reactive[tuple[Tab, ...]] = reactive(())
    chosen: reactive[str] = reactive("")

    def render(self) -> Content:
        """Draw the tabs; if they do not fit, drop the space between them, then the counts."""
        for gap, counts in (("  ", True), (" ", True), ("  ", False), (" ", False)):
            line = Content(gap).join(self._drawn(tab, counts=counts) for tab in self.tabs)
            if line.cell_length <= self.size.width:
                break
        return line

    def _drawn(self, tab: Tab, *, counts: bool) -> Content:
        style = "bold underline $primary" if tab.id == self.chosen else "$quiet"
        amount = f" {display_text(tab.amount)}" if tab.amount and counts else ""
        return Content.from_markup(
            f"[@click={tab.action}][$quiet]$key[/] [{style}]$name[/][$quiet]$amount[/][/]",
            key=tab.key,
            name=tab.name,
            amount=amount,
        )
