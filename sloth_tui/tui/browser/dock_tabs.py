"""The parts of each dock tab. Names and order of the tabs are in :mod:`sloth_tui.tui.actions`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from sloth_tui.tui.actions import DOCK

if TYPE_CHECKING:
    from sloth_tui.tui.widgets.pane import HostedPane


class DockTab(NamedTuple):
    """One tab; its action is ``show_<id>``."""

    pane: str
    """Module under ``sloth_tui.tui.widgets.dock``, and the pane's class in it."""
    command: tuple[str, ...]
    """The words of the command line that prints what the tab shows."""
    reads: bool = True
    """True if the pane is a ReadingPane and shows what ``sloth_tui.tui.services.dock.READS`` reads for it."""


class ReadingPane(Protocol):
    """A pane that shows data the services read."""

    def take(self, read: Any) -> None:
        """Show this data, of the type that is read for the tab."""

    def forget(self) -> None:
        """Show nothing: the data is not known."""


TABS = {
    "locks": DockTab("lock_list:LocksPane", ("lock", "list")),
    "stats": DockTab("stats_view:StatsPane", ("state", "stats")),
    "log": DockTab("log_view:LogPane", ("state", "log")),
    "run": DockTab("run_view:RunPane", ("examples",), reads=False),
}


def dock_panes() -> list[HostedPane]:
    """Make the panes of the dock, in the order of their tabs."""
    return [_pane(tab) for tab in DOCK]


def _pane(tab: str) -> HostedPane:
    module, name = TABS[tab].pane.split(":")
    made = getattr(import_module(f"sloth_tui.tui.widgets.dock.{module}"), name)
    return cast("HostedPane", made(id=tab))
