"""The list of agents, the agent on screen and the state of its store; create and delete agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.agents import DEFAULT_AGENT
from sloth_tui.text import display_text
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.messages import AgentSummary
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from sloth_tui.tui import messages
    from sloth_tui.tui.operations.agents import AgentOperations


class AgentsController(Controller):
    """Handles the list of agents and the title bar."""

    _agent_operations: AgentOperations | None = None
    _asked_for: str | None = None
    """The agent whose passphrase was asked for since it was chosen."""

    @property
    def title_bar(self) -> TitleBar:
        return self.screen.query_one(TitleBar)

    def on_agent_chosen(self, message: messages.AgentChosen) -> None:
        if message.name != self.services.agent:
            self.context.choose_agent(message.name)

    def on_agent_entered(self, message: messages.AgentEntered) -> None:
        self.panes.show("keys")

    def on_agents_listed(self, message: messages.AgentsListed) -> None:
        agents = self.lazy.agents
        agents.show(message.agents)
        agents.choose(self.services.agent)

    def on_visible_agents_changed(self, message: messages.VisibleAgentsChanged) -> None:
        self.services.watch_agents(message.names)

    def on_store_opened(self, message: messages.StoreOpened) -> None:
        if self.context.is_about_chosen(message):
            self.context.answers = True
            self.context.ui_state.unsure = None
            self.context.ui_state.note(agent=message.agent)
            self.context.held.show(message, self._entitle)
            if message.warning is not None:
                warning = display_text(message.warning)
                self.screen.notify(warning, severity="warning", markup=False, timeout=15)

    def _entitle(self, message: messages.StoreOpened) -> None:
        bar = self.title_bar
        bar.agent, bar.location = message.agent, message.location
        bar.state = "live" if message.exists else "empty"
        bar.total = bar.shown = None

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if not self.context.is_about_chosen(message):
            return
        if message.missing and message.agent == self.context.ui_state.unsure != DEFAULT_AGENT:
            self.context.choose_agent(DEFAULT_AGENT)
            return
        self.context.answers = False
        bar = self.title_bar
        state = "no answer" if message.locked is None else "locked"
        bar.agent, bar.location, bar.state, bar.total = message.agent, self._address, state, None
        if message.locked is not None and self._asked_for != message.agent:
            self._asked_for = message.agent
            self.workers.look(self._about_agents.unlock(message.agent, message.locked))

    @property
    def _address(self) -> str:
        """The address of a store on another machine, without what only says how to connect."""
        return (self.services.elsewhere or "").partition("?")[0]

    def begin(self) -> None:
        """Say what is being opened, until it is."""
        self._await_answer(self.services.agent)

    def on_agent_left(self, message: messages.AgentLeft) -> None:
        self._asked_for = None
        self._await_answer(message.chosen)

    def _await_answer(self, agent: str) -> None:
        """A store on another machine may take a while to answer: say which agent it is asked for."""
        if self.services.elsewhere is not None:
            bar = self.title_bar
            bar.agent, bar.location, bar.state, bar.total = agent, self._address, "connecting", None

    def on_updates_pending(self, message: messages.UpdatesPending) -> None:
        self.title_bar.behind = True

    def action_toggle_live(self) -> None:
        """Stop following changes made elsewhere, or follow them again."""
        bar = self.title_bar
        bar.paused, bar.behind = not bar.paused, False
        self.services.pause(bar.paused)

    def on_thread_died(self, message: messages.ThreadDied) -> None:
        raise message.error

    def action_refresh(self) -> None:
        self._asked_for = None
        self.services.refresh()

    def action_next_agent(self) -> None:
        self._step_agent(1)

    def action_previous_agent(self) -> None:
        self._step_agent(-1)

    def action_go_to_agent(self) -> None:
        from sloth_tui.tui.palette import make_agent_palette

        self.screen.app.push_screen(make_agent_palette())

    def action_new_agent(self) -> None:
        self.workers.change(self._about_agents.create(self.context.agent_names))

    def action_duplicate_agent(self) -> None:
        self.workers.change(self._about_agents.duplicate(self.services.agent, self.context.agent_names))

    def action_delete_agent(self) -> None:
        agent = self.services.agent
        # A new agent may not be listed yet.
        summary = self.lazy.agents.summary(agent) or AgentSummary(agent, True, 0)
        others = [name for name in self.context.agent_names if name != agent] or [DEFAULT_AGENT]
        following = [name for name in others if name > agent]
        self.workers.change(self._about_agents.delete(summary, following[0] if following else others[-1]))

    @property
    def _about_agents(self) -> AgentOperations:
        """The operations on agents, loaded on first use."""
        if self._agent_operations is None:
            from sloth_tui.tui.operations.agents import AgentOperations

            self._agent_operations = AgentOperations(
                self.screen.app, self.operations, self.services, self.context.choose_agent
            )
        return self._agent_operations

    def _step_agent(self, by: int) -> None:
        names = self.context.agent_names
        if self.services.agent in names:
            self.context.choose_agent(names[(names.index(self.services.agent) + by) % len(names)])
