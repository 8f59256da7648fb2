"""Copy what an agent has in one store into another, through the port."""

from __future__ import annotations

from sloth_tui.errors import AgentNotFound
from sloth_tui.store import open_store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.model import Value
    from sloth_tui.store.port import Store

_MAX_KEYS = 10_000
_MAX_BYTES = 16 * 1024 * 1024
"""Keys, and bytes of values, that are written at once."""


def fill(target: Store, agent: str, address: str) -> None:
    """Copy the entries and the locks held now into an empty store. An agent without a store has none. Raises
    the errors of both stores."""
    try:
        source = open_store(agent, "read", address=address)
    except AgentNotFound:
        return
    with source:
        _copy_entries(source, target)
        for lock in source.locks():
            if lock.remaining > 0:
                target.acquire(lock.name, lock.holder, lock.remaining)


def _copy_entries(source: Store, target: Store) -> None:
    values: dict[str, Value] = {}
    size = 0
    for entry in source.entries():
        values[entry.key] = entry.value
        size += entry.size
        if len(values) >= _MAX_KEYS or size >= _MAX_BYTES:
            target.set_many(values)
            values, size = {}, 0
    target.set_many(values)
