"""Show who held a lock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services

_MOST = 200


async def show_lock_history(operations: Operations, services: Services, name: str | None) -> None:
    """Show the newest acquisitions of a lock, or of all locks. Raises the errors of the store."""
    from sloth_tui.tui.dialogs.lock_history import LockHistoryScreen

    uses = await asyncio.wrap_future(services.lookups.lock_history(name, _MOST))
    if uses:
        await operations.ask(LockHistoryScreen(name, uses))
    else:
        operations.notify("no acquisition is known" + ("" if name is None else f" of lock {name}"))
