"""Fill the private copy of what an agent has in a store that is no file, through the port."""

from __future__ import annotations

from time import time

from sloth_tui.errors import AgentNotFound
from sloth_tui.store import open_store
from sloth_tui.store.transfer import batches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.store.port import Store


def fill(target: Store, agent: str, address: str) -> None:
    """Copy the entries and the locks held now into an empty store. An agent without a store has none. Raises
    the errors of both stores."""
    try:
        with open_store(agent, "read", address=address) as source:
            for values, ttls in batches(source.entries(), time()):
                target.set_many(values, ttls=ttls)
            for lock in source.locks():
                if lock.remaining > 0:
                    target.acquire(lock.name, lock.holder, lock.remaining)
    except AgentNotFound:
        return
