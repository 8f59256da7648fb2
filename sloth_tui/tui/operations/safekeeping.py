"""Back up, restore and examine the store on screen: ask first, report afterwards."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import Conflict, Interrupted
from sloth_tui.text import display_text, format_age, format_count, format_size

if TYPE_CHECKING:
    from sloth_tui.model import Restored
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services

_PATH_LIMIT = 160
_REPORT_SECONDS = 12


class SafekeepingOperations:
    """Coroutines to run as workers of the app. They raise the errors of the store."""

    def __init__(self, operations: Operations, services: Services) -> None:
        self._operations = operations
        self._services = services

    async def back_up(self) -> None:
        """Save all that the agent has."""
        keeping, agent = self._services.safekeeping, self._services.agent
        try:
            path = await self._operations.run_job(f"Backing up {agent}", "parts", keeping.back_up)
        except Interrupted:
            self._operations.notify("cancelled, there is no backup")
            return
        self._operations.notify(f"backup: {display_text(path, _PATH_LIMIT)}", seconds=_REPORT_SECONDS)

    async def restore(self) -> None:
        """Ask which backup to take, then make the agent what it is in that. Raises Conflict while a run is
        going on."""
        from sloth_tui.tui.dialogs.backups import BackupsScreen

        keeping, agent = self._services.safekeeping, self._services.agent
        if self._services.running:
            raise Conflict("a run is going on", hint="stop it first")
        backups = await asyncio.wrap_future(keeping.backups())
        if not backups:
            self._operations.notify(f"there is no backup of agent {agent}")
            return
        chosen = await self._operations.ask(BackupsScreen(agent, backups))
        if chosen is None:
            return
        facts = [
            os.path.basename(chosen.path),
            f"saved {format_age(chosen.at, time.time())}, {format_size(chosen.size)}",
            "what the agent has now is saved first",
        ]
        if not await self._operations.confirm(f"Restore agent {agent}?", facts, "", "Restore"):
            return
        try:
            done = await self._operations.run_job(
                f"Restoring {agent}", "parts", lambda job: keeping.restore(job, chosen.path)
            )
        except Interrupted:
            self._operations.notify("cancelled: nothing was changed")
            return
        self._services.refresh()
        self._tell(agent, done)

    def _tell(self, agent: str, done: Restored) -> None:
        if done.history:
            self._operations.notify(
                f"agent {agent} has {format_count(done.entries, 'key')}, and the history of the backup"
            )
        elif done.changed or done.removed:
            self._operations.notify_undoable(
                f"set {done.changed:,} and deleted {done.removed:,} keys of {agent}"
            )
        else:
            self._operations.notify(f"agent {agent} is what the backup has already")

    async def examine(self) -> None:
        """Examine the store and show the report."""
        from sloth_tui.tui.dialogs.doctor import DoctorScreen

        keeping, agent = self._services.safekeeping, self._services.agent
        try:
            found = await self._operations.run_job(f"Examining {agent}", "steps", keeping.examine)
        except Interrupted:
            self._operations.notify("cancelled, the store was not examined to its end")
            return
        await self._operations.ask(DoctorScreen(found))
