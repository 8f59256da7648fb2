"""A backup before all that an agent has is replaced."""

from __future__ import annotations

from sloth_tui.errors import AgentNotFound
from sloth_tui.store import open_agents

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int], object]


def save_before_replacing(
    agent: str, address: str | None = None, progress: Progress | None = None
) -> str | None:
    """Write a backup of an agent; return its path, or None if the agent has nothing. Raises NotWritable,
    DatabaseUnusable."""
    agents = open_agents(address)
    try:
        if not agents.known(agent):
            return None
        return agents.back_up(agent, progress)
    except AgentNotFound:
        return None
