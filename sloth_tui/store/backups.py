"""Backups of what an agent has, whatever its backend: databases in files on this machine.

Loaded by the commands that make or need one.
"""

from __future__ import annotations

from sloth_tui.errors import AgentNotFound
from sloth_tui.settings import load_settings
from sloth_tui.store import open_agents
from sloth_tui.store.sqlite.saving.automatic import automatic
from sloth_tui.store.sqlite.saving.names import list_backups as list_backups

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sloth_tui.settings import Settings

    Progress: TypeAlias = Callable[[int, int], object]


def back_up_first(
    agent: str,
    reason: str,
    *,
    address: str | None = None,
    settings: Callable[[], Settings] = load_settings,
    progress: Progress | None = None,
) -> str | None:
    """Make an automatic backup of an agent before something that cannot be taken back otherwise, and forget
    the older ones beyond the number that the settings keep. Return its path; None if the agent has nothing to
    save, or if the settings want no automatic backups.

    ``reason``: what it is made before, a word in lower case like ``clear``; it becomes part of the file's
    name. ``address``: the store, as for :func:`sloth_tui.store.open_store`. Call it before the transaction
    begins. ``progress`` gets (done, total) in units of the backend; an exception that it raises ends the
    work, which leaves nothing behind. Raises NotWritable, whose hint says how to do without, and
    DatabaseUnusable.
    """
    agents = open_agents(address)
    try:
        return automatic(
            agent, reason, settings().keep_backups, lambda path: agents.back_up(agent, progress, path)
        )
    except AgentNotFound:
        return None
