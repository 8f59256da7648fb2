"""Check and compact the store, with a dialog that can cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import Interrupted, SlothError
from sloth_tui.text import format_count, format_size

if TYPE_CHECKING:
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services

_PROBLEM_LIMIT = 5
_MAX_DIGITS = 9


class MaintenanceOperations:
    """Coroutines to run as workers of the app. They raise the errors of the store."""

    def __init__(self, operations: Operations, services: Services) -> None:
        self._operations = operations
        self._services = services

    async def check(self) -> None:
        """Check the store and show its problems, if any."""
        agent = self._services.agent
        try:
            problems = await self._operations.run_job(
                f"Checking the store of {agent}", "pages", self._services.jobs.problems
            )
        except Interrupted:
            self._operations.notify("cancelled, the store was not checked to its end")
            return
        if not problems:
            self._operations.notify(f"the store of {agent} is sound")
            return
        found = format_count(len(problems), "problem")
        self._operations.show_error(
            SlothError(f"{found} in the store of {agent}", hint="\n".join(problems[:_PROBLEM_LIMIT]))
        )

    async def compact(self) -> None:
        """Ask how many revisions of each key to keep, and forget the older ones."""
        from sloth_tui.tui.dialogs.prompt import PromptScreen

        jobs = self._services.jobs
        answer = await self._operations.ask(
            PromptScreen(
                "How many revisions of each key to keep?",
                value=str(jobs.keep_revisions),
                note="older ones are forgotten: they cannot be looked at or taken back any more",
                check=_no_number,
            )
        )
        if answer is None:
            return
        keep = int(answer)
        try:
            done = await self._operations.run_job(
                "Forgetting old revisions", "revisions", lambda job: jobs.compact(job, keep)
            )
        except Interrupted:
            self._operations.notify("cancelled; what was forgotten until then is forgotten")
            return
        freed = f"; the file is {format_size(done.freed)} smaller" if done.freed else ""
        self._operations.notify(f"forgot {format_count(done.forgotten, 'revision')}{freed}")


def _no_number(text: str) -> str | None:
    return None if text.isdecimal() and len(text) <= _MAX_DIGITS else "a whole number, 0 or more"
