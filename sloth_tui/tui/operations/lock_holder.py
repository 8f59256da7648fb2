"""Find the run that holds a lock, or say who does."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text

if TYPE_CHECKING:
    from sloth_tui.model import Lock
    from sloth_tui.origin import Origin
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services

_NAME_LIMIT = 60


async def find_run(operations: Operations, services: Services, lock: Lock) -> str | None:
    """Return the id of the run that holds the lock, if it is kept on this machine; else say who holds it, and
    return None. Raises the errors of the store."""
    origin = await find_origin(services, lock)
    if origin is not None and origin.run is not None:
        with suppress(SlothError):  # it is not kept here
            run = await asyncio.to_thread(services.runs.archive.find, origin.run)
            if run.id == origin.run:
                return run.id
    operations.notify(_describe(lock, origin))
    return None


async def find_origin(services: Services, lock: Lock) -> Origin | None:
    """Return who took the lock; None if that is not recorded. Raises the errors of the store."""
    uses = await asyncio.wrap_future(services.lookups.lock_history(lock.name, 1))
    return next((use.origin for use in uses if use.token == lock.token and use.end is None), None)


def _describe(lock: Lock, origin: Origin | None) -> str:
    name = display_text(lock.name, _NAME_LIMIT)
    if origin is None:
        return f"who took the lock {name} is not recorded: another program did"
    where = f"process {origin.pid} on {display_text(origin.host, _NAME_LIMIT)}"
    if origin.run is None:
        title = f" ({display_text(origin.title, _NAME_LIMIT)})" if origin.title else ""
        user = display_text(origin.user, _NAME_LIMIT)
        return f"no run holds {name}: {display_text(origin.program)}{title} of {user} took it, {where}"
    if origin.host != os.uname().nodename:
        host = display_text(origin.host, _NAME_LIMIT)
        return f"run {origin.run} on {host} holds {name}: what it says is kept there"
    return f"run {origin.run} holds {name}, {where}: nothing is kept of it here"
