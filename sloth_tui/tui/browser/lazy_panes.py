"""The panes that are made once the keys are on screen. Until then none of their modules is loaded: they would
make up a third of the time to the first picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.screen import Screen

    from sloth_tui.tui.widgets.agent_list import AgentsPane
    from sloth_tui.tui.widgets.detail.detail import DetailPane
    from sloth_tui.tui.widgets.dock.lock_list import LocksPane
    from sloth_tui.tui.widgets.dock.log_view import LogPane
    from sloth_tui.tui.widgets.dock.run_view import RunPane
    from sloth_tui.tui.widgets.dock.stats_view import StatsPane
    from sloth_tui.tui.widgets.pane import LatePane

    Base = Screen[None]
else:
    Base = object


class LatePanes(Base):
    """Where each of them is. Raises NoMatches before it is there."""

    @property
    def agents_pane(self) -> AgentsPane:
        from sloth_tui.tui.widgets.agent_list import AgentsPane

        return self.query_one(AgentsPane)

    @property
    def detail_pane(self) -> DetailPane:
        from sloth_tui.tui.widgets.detail.detail import DetailPane

        return self.query_one(DetailPane)

    @property
    def locks_pane(self) -> LocksPane:
        from sloth_tui.tui.widgets.dock.lock_list import LocksPane

        return self.query_one(LocksPane)

    @property
    def stats_pane(self) -> StatsPane:
        from sloth_tui.tui.widgets.dock.stats_view import StatsPane

        return self.query_one(StatsPane)

    @property
    def log_pane(self) -> LogPane:
        from sloth_tui.tui.widgets.dock.log_view import LogPane

        return self.query_one(LogPane)

    @property
    def run_pane(self) -> RunPane:
        from sloth_tui.tui.widgets.dock.run_view import RunPane

        return self.query_one(RunPane)


def agents_pane() -> LatePane:
    """A new pane for the place at the left."""
    from sloth_tui.tui.widgets.agent_list import AgentsPane

    return AgentsPane(id="agents-pane")


def dock_panes() -> list[LatePane]:
    """New panes for the dock, in the order of their tabs."""
    from sloth_tui.tui.widgets.dock.lock_list import LocksPane
    from sloth_tui.tui.widgets.dock.log_view import LogPane
    from sloth_tui.tui.widgets.dock.run_view import RunPane
    from sloth_tui.tui.widgets.dock.stats_view import StatsPane

    return [LocksPane(id="locks"), StatsPane(id="stats"), LogPane(id="log"), RunPane(id="run")]
