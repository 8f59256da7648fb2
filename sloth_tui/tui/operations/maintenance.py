"""Looking after the store: checking it, compacting it. What takes long is waited for in a dialog that can
cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.errors import Interrupted, SlothError
from sloth_tui.text import format_count, format_size

if TYPE_CHECKING:
    from sloth_tui.tui.operations.common import Flows
    from sloth_tui.tui.services import Services

_PROBLEMS = 5
_DIGITS = 9


class WorkFlows:
    """Coroutines to be run as workers of the app."""

    def __init__(self, flows: Flows, services: Services) -> None:
        self._flows = flows
        self._services = services

    async def check(self) -> None:
        """Whether the database is sound."""
        agent = self._services.agent
        try:
            problems = await self._flows.watch(
                f"Checking the database of {agent}", "pages", self._services.work.problems
            )
        except Interrupted:
            self._flows.tell("cancelled, the database was not checked to its end")
            return
        if not problems:
            self._flows.tell(f"the database of {agent} is sound")
            return
        found = format_count(len(problems), "problem")
        self._flows.complain(
            SlothError(f"{found} in the database of {agent}", hint="\n".join(problems[:_PROBLEMS]))
        )

    async def compact(self) -> None:
        """Forget old revisions, after asking how many are to stay."""
        from sloth_tui.tui.dialogs.prompt import PromptScreen

        work = self._services.work
        answer = await self._flows.ask(
            PromptScreen(
                "How many revisions of each key to keep?",
                value=str(work.keep_revisions),
                note="older ones are forgotten: they cannot be looked at or taken back any more",
                check=_no_number,
            )
        )
        if answer is None:
            return
        keep = int(answer)
        try:
            done = await self._flows.watch(
                "Forgetting old revisions", "revisions", lambda one: work.compact(one, keep)
            )
        except Interrupted:
            self._flows.tell("cancelled; what was forgotten until then is forgotten")
            return
        freed = f"; the file is {format_size(done.freed)} smaller" if done.freed else ""
        self._flows.tell(f"forgot {format_count(done.forgotten, 'revision')}{freed}")


def _no_number(text: str) -> str | None:
    return None if text.isdecimal() and len(text) <= _DIGITS else "a whole number, 0 or more"
