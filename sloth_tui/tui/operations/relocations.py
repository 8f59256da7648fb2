"""Copy and move entries: ask where to, ask again before anything is overwritten, report afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.errors import Conflict, Interrupted
from sloth_tui.text import display_text, format_count
from sloth_tui.tui.services.relocations import Wish

if TYPE_CHECKING:
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.relocations import Relocated

_NAME_CHARACTERS = 60


class Chosen(NamedTuple):
    """Which entries are meant."""

    source: str
    """A key or, with ``prefix``, what keys begin with."""
    prefix: bool
    keys: tuple[str, ...] | None
    """Only these of the keys that begin so; None: all of them."""


class RelocationOperations:
    """Coroutines to run as workers of the app; they raise the errors of the store."""

    def __init__(self, operations: Operations, services: Services) -> None:
        self._operations = operations
        self._services = services

    async def relocate(self, chosen: Chosen, agents: list[str], *, moving: bool) -> tuple[str, str] | None:
        """Ask where the entries are to be, and copy or move them. Return the agent and the key to go to, None
        if nothing was done."""
        from sloth_tui.tui.dialogs.relocate import RelocateScreen

        agent = self._services.agent
        verb = "Move" if moving else "Copy"
        dialog = RelocateScreen(
            f"{verb} {_named(chosen)} to",
            source=chosen.source,
            prefix=chosen.prefix,
            agent=agent,
            agents=agents,
            verb="moves" if moving else "copies",
        )
        where = await self._operations.ask(dialog)
        if where is None:
            return None
        wish = Wish(agent, chosen.source, chosen.prefix, chosen.keys, where.agent, where.target, moving)
        done = await self._carry_out(wish)
        if done is None:
            return None
        self._report(wish, done)
        first = chosen.keys[0] if chosen.keys else chosen.source
        return where.agent, where.target + first[len(chosen.source) :]

    async def _carry_out(self, wish: Wish) -> Relocated | None:
        try:
            try:
                return await self._run(wish, "fail")
            except Conflict as error:
                if not await self._operations.confirm(
                    "Overwrite what is there?", [error.message], "u takes it back.", "Overwrite"
                ):
                    return None
                return await self._run(wish, "overwrite")
        except Interrupted:
            self._operations.notify("cancelled, nothing was changed")
            return None

    async def _run(self, wish: Wish, rule: str) -> Relocated:
        what = "Moving" if wish.moving else "Copying"
        return await self._operations.run_job(
            what, "keys", lambda job: self._services.relocations.relocate(job, wish, rule)
        )

    def _report(self, wish: Wish, done: Relocated) -> None:
        if not done.entries:
            self._operations.notify("there was nothing left to take")
            return
        verb = "moved" if wish.moving else "copied"
        where = display_text(wish.target, _NAME_CHARACTERS)
        if wish.to_agent != wish.agent:
            where = f"agent {wish.to_agent}" + (f", {where}" if wish.target != wish.source else "")
        text = f"{verb} {format_count(done.entries, 'key')} to {where}"
        # What the last key takes back is a change of the agent on screen.
        self._operations.notify_undoable(text, wish.moving or wish.to_agent == wish.agent)


def _named(chosen: Chosen) -> str:
    if chosen.keys is not None:
        return format_count(len(chosen.keys), "key")
    if chosen.prefix:
        return f"the keys that begin with {chosen.source!r}"
    return repr(chosen.source)
