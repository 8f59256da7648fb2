"""Which agents there are, which one is on screen, and whether its store answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.text import display_text
from sloth_tui.tui.browser.news import News
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from sloth_tui.tui import messages


class StoreNews(News):
    """Looks after the agents and the line at the top."""

    @property
    def title_bar(self) -> TitleBar:
        return self.query_one(TitleBar)

    def choose_agent(self, name: str) -> None:
        self.answers = False
        self.services.choose_agent(name)
        self.agents_pane.choose(name)

    def on_agent_chosen(self, message: messages.AgentChosen) -> None:
        if message.name != self.services.agent:
            self.choose_agent(message.name)

    def on_agent_entered(self, message: messages.AgentEntered) -> None:
        self.action_show_pane("keys")

    def on_agents_listed(self, message: messages.AgentsListed) -> None:
        agents = self.agents_pane
        agents.show(message.agents)
        agents.choose(self.services.agent)

    def on_agents_in_sight(self, message: messages.AgentsInSight) -> None:
        self.services.watch_agents(message.names)

    def on_store_opened(self, message: messages.StoreOpened) -> None:
        if self.is_about_chosen(message):
            self.answers = True
            self.memory.note(agent=message.agent)
            self.show_with_rows(message, self._entitle)
            if message.warning is not None:
                self.notify(display_text(message.warning), severity="warning", markup=False, timeout=15)

    def _entitle(self, message: messages.StoreOpened) -> None:
        bar = self.title_bar
        bar.agent, bar.location = message.agent, message.location
        bar.state = "live" if message.exists else "empty"
        bar.total = bar.shown = None

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if self.is_about_chosen(message):
            self.answers = False
            bar = self.title_bar
            bar.agent, bar.location, bar.state, bar.total = message.agent, "", "no answer", None

    def on_changes_held(self, message: messages.ChangesHeld) -> None:
        self.title_bar.behind = True

    def action_toggle_live(self) -> None:
        """Leave everything as it is whatever others change, or follow them again."""
        bar = self.title_bar
        bar.paused, bar.behind = not bar.paused, False
        self.services.pause(bar.paused)

    def on_thread_died(self, message: messages.ThreadDied) -> None:
        from sloth_tui.shortage import shortage

        # A thread loads its part of the program when it begins: the first one to meet a limit of the system.
        if (ran_out := shortage(message.error)) is None:
            raise message.error
        self.app.exit(return_code=1, message=f"error: {ran_out}")
