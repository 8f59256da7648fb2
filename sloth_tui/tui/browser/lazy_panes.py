"""Load most panes once the keys are on screen. Their modules would take a third of the time to the first
picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sloth_tui.tui.widgets.dock.dock import Dock
from sloth_tui.tui.widgets.pane import HostedPane, Place

if TYPE_CHECKING:
    from textual.screen import Screen

    from sloth_tui.tui.browser.dock_tabs import ReadingPane
    from sloth_tui.tui.widgets.agent_list import AgentsPane
    from sloth_tui.tui.widgets.detail.detail import DetailPane
    from sloth_tui.tui.widgets.dock.lock_list import LocksPane
    from sloth_tui.tui.widgets.dock.log_view import LogPane
    from sloth_tui.tui.widgets.dock.run_view import RunPane
    from sloth_tui.tui.widgets.dock.stats_view import StatsPane


class LazyPanes:
    """Typed access to the lazily loaded panes. Raises NoMatches until they are mounted."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self.loaded = False
        """True once all panes are mounted."""

    @property
    def agents(self) -> AgentsPane:
        from sloth_tui.tui.widgets.agent_list import AgentsPane

        return self._screen.query_one(AgentsPane)

    @property
    def detail(self) -> DetailPane:
        from sloth_tui.tui.widgets.detail.detail import DetailPane

        return self._screen.query_one(DetailPane)

    @property
    def locks(self) -> LocksPane:
        from sloth_tui.tui.widgets.dock.lock_list import LocksPane

        return self._screen.query_one(LocksPane)

    @property
    def stats(self) -> StatsPane:
        from sloth_tui.tui.widgets.dock.stats_view import StatsPane

        return self._screen.query_one(StatsPane)

    @property
    def log(self) -> LogPane:
        from sloth_tui.tui.widgets.dock.log_view import LogPane

        return self._screen.query_one(LogPane)

    @property
    def run(self) -> RunPane:
        from sloth_tui.tui.widgets.dock.run_view import RunPane

        return self._screen.query_one(RunPane)

    def reading_pane(self, tab: str) -> ReadingPane:
        """Return the pane of a tab that shows data the services read."""
        return cast("ReadingPane", self._screen.query_one(f"#{tab}"))

    def reading(self) -> list[ReadingPane]:
        """Return all of these panes."""
        from sloth_tui.tui.browser.dock_tabs import TABS

        return [self.reading_pane(name) for name, tab in TABS.items() if tab.reads]

    async def load(self) -> bool:
        """Mount all panes; return False if the app exits meanwhile."""
        from sloth_tui.tui.browser.dock_tabs import dock_panes

        screen = self._screen
        with screen.app.batch_update():
            if screen.app.is_running:
                await screen.query_one("#agents", Place).mount(_agents_pane())
            if screen.app.is_running:
                await screen.query_one("#detail", Place).mount(_detail_pane())
            if screen.app.is_running:
                await screen.query_one(Dock).fill(dock_panes())
        for pane in screen.query(HostedPane):
            if not await self._fill(pane):
                return False
        self.loaded = True
        return True

    async def _fill(self, pane: HostedPane) -> bool:
        """Mount the contents of a pane; return False if the app exits meanwhile."""
        if self._screen.app.is_running:
            await pane.mount_all(pane.compose_body())
        # While the app exits nothing more is mounted.
        if not (self._screen.app.is_running and pane.children):
            return False
        pane.on_loaded()
        return True


def _agents_pane() -> HostedPane:
    """Make the pane for the place at the left."""
    from sloth_tui.tui.widgets.agent_list import AgentsPane

    return AgentsPane(id="agents-pane")


def _detail_pane() -> HostedPane:
    """Make the pane for the place at the right."""
    from sloth_tui.tui.widgets.detail.detail import DetailPane

    return DetailPane(id="detail-pane")
