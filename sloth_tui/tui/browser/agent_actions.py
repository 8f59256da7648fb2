"""The actions of the agents pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.agents import DEFAULT_AGENT
from sloth_tui.tui.browser.acting import Acting
from sloth_tui.tui.messages import AgentSummary

if TYPE_CHECKING:
    from sloth_tui.tui.operations.agents import AgentFlows


class AgentActions(Acting):
    """Goes from agent to agent, makes them, copies them, deletes them."""

    _agent_flows: AgentFlows | None = None

    @property
    def agent_names(self) -> list[str]:
        return self.agents_pane.names if self.furnished else []

    def action_next_agent(self) -> None:
        self._step_agent(1)

    def action_previous_agent(self) -> None:
        self._step_agent(-1)

    def action_go_to_agent(self) -> None:
        from sloth_tui.tui.palette import agent_palette

        self.app.push_screen(agent_palette())

    def action_new_agent(self) -> None:
        self._change(self._about_agents.create(self.agent_names))

    def action_duplicate_agent(self) -> None:
        self._change(self._about_agents.duplicate(self.services.agent, self.agent_names))

    def action_delete_agent(self) -> None:
        agent = self.services.agent
        # One that was made just now is not listed yet.
        summary = self.agents_pane.summary(agent) or AgentSummary(agent, True, 0)
        others = [name for name in self.agent_names if name != agent] or [DEFAULT_AGENT]
        following = [name for name in others if name > agent]
        self._change(self._about_agents.delete(summary, following[0] if following else others[-1]))

    @property
    def _about_agents(self) -> AgentFlows:
        """Loaded when it is first needed."""
        if self._agent_flows is None:
            from sloth_tui.tui.operations.agents import AgentFlows

            self._agent_flows = AgentFlows(self.app, self.flows, self.services, self.choose_agent)
        return self._agent_flows

    def _step_agent(self, by: int) -> None:
        names = self.agent_names
        if self.services.agent in names:
            self.choose_agent(names[(names.index(self.services.agent) + by) % len(names)])
