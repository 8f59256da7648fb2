"""Taking back what was done: what is asked first, what is told afterwards."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import Conflict, Interrupted, NotKept
from sloth_tui.text import display_text, format_age, format_count
from sloth_tui.tui.secrets import MASK
from sloth_tui.tui.widgets.dock.change_text import author, describe, one_line, sign, title

if TYPE_CHECKING:
    from sloth_tui.errors import SlothError
    from sloth_tui.model import ChangeSet, Step
    from sloth_tui.tui.operations.common import Flows
    from sloth_tui.tui.services import Services

_SAMPLE = 8
_TITLE = 60
_SHOWN = 1000
"""Changes of keys that are listed of a set."""
_FEW = 5000
"""Changes of a set up to which the keys that stand in the way are listed with their values."""
_TAKEN_BACK = re.compile(r"(?P<what>undo|redo) (?P<id>x?\d+): (?P<title>.*)", re.DOTALL)
"""The title of a change that took another one back."""


class UndoFlows:
    """Coroutines to be run as workers of the app. What this session did is taken back at once, what others
    did after asking. Errors of the store are raised."""

    def __init__(self, flows: Flows, services: Services) -> None:
        self._flows = flows
        self._services = services
        self._one_at_a_time = asyncio.Lock()
        """What was the last change is known when the undo before is done."""

    async def undo_last(self) -> None:
        """The last change of this session, or else the last of all."""
        async with self._one_at_a_time:
            agent = self._services.agent
            change = await asyncio.wrap_future(self._services.changes.last())
            await self._undo(agent, change)

    async def undo(self, change: ChangeSet) -> None:
        """This one, of the agent on screen."""
        agent = self._services.agent
        async with self._one_at_a_time:
            await self._undo(agent, change)

    async def show(self, change: ChangeSet) -> str | None:
        """What it did, in a dialog from which it can be taken back; the key to go to, if any."""
        from sloth_tui.tui.dialogs.change import ChangeScreen

        parts = await asyncio.wrap_future(self._services.changes.parts(change.id, _SHOWN))
        screen = ChangeScreen(
            parts.change, parts.revisions, self._services.is_secret, complete=parts.complete
        )
        choice = await self._flows.ask(screen)
        if choice.undo:
            await self.undo(parts.change)
        return choice.key

    async def _undo(self, agent: str, change: ChangeSet) -> None:
        self._services.check_writable()
        if agent != self._services.agent:
            # Somebody went to another agent meanwhile: that is not the one this was about.
            return
        if not self._services.changes.mine(change.origin) and not await self._confirmed(change):
            return
        try:
            try:
                changed = await self._take_back(agent, change)
            except (Conflict, NotKept) as error:
                if not await self._confirmed_against(change, error):
                    return
                changed = await self._take_back(agent, change, force=True)
        except Interrupted:
            self._flows.tell(f"cancelled, nothing was taken back of {_quoted(change)}")
        else:
            self._flows.tell_change(*told(change, changed))

    async def _take_back(self, agent: str, change: ChangeSet, *, force: bool = False) -> int:
        return await self._flows.watch(
            f"Taking back {_quoted(change)}",
            "keys",
            lambda work: self._services.work.undo(work, agent, change, undo_title(change), force=force),
        )

    async def _confirmed(self, change: ChangeSet) -> bool:
        """Ask, because somebody else made the change: whose it is, and what it did."""
        parts = await asyncio.wrap_future(self._services.changes.parts(change.id, _SAMPLE))
        lines = [f"by {author(change)}, {format_age(change.at, time.time())}, not by this session:"]
        for revision in parts.revisions:
            hidden = self._services.is_secret(revision.key)
            lines.append(f"  {sign(revision)} {describe(revision, hidden=hidden)}")
        rest = change.revisions - len(parts.revisions)
        more = f"… and {format_count(rest, 'more change', 'more changes')}" if rest > 0 else ""
        return await self._flows.confirmed(f"Take back {_quoted(change)}?", lines, more, "Take it back")

    async def _confirmed_against(self, change: ChangeSet, error: SlothError) -> bool:
        """Ask again, where somebody changed the keys since or not all is kept."""
        if change.revisions <= _FEW:
            blocked = await asyncio.wrap_future(self._services.changes.blocked(change, _SAMPLE + 1))
        else:
            blocked = []
        lines = [error.message]
        lines += [f"  {self._described(step)}" for step in blocked[:_SAMPLE]]
        more = "… and more" if len(blocked) > _SAMPLE else ""
        rest = "Keys others changed since are overwritten; those of which nothing is kept stay as they are."
        question = f"Take back {_quoted(change)} all the same?"
        return await self._flows.confirmed(
            question, lines, f"{more}\n{rest}" if more else rest, "All the same"
        )

    def _described(self, step: Step) -> str:
        """``key: now → then``."""
        key = display_text(step.key, _TITLE)
        if step.obstacle != "changed":
            return f"{key}: {step.obstacle}, stays as it is"
        hidden = self._services.is_secret(step.key)
        now, then = (
            MASK if hidden and value is not None else one_line(value, 40) for value in (step.old, step.new)
        )
        return f"{key}: {now} → {then}"


def undo_title(change: ChangeSet) -> str:
    """What taking ``change`` back is called in the log: of an undo it is a redo, of a redo an undo."""
    found = _TAKEN_BACK.match(title(change))
    if found is None:
        return f"undo {change.id}: {title(change)}"
    other = "redo" if found["what"] == "undo" else "undo"
    return f"{other} {found['id']}: {found['title']}"


def told(change: ChangeSet, changed: int) -> tuple[str, bool]:
    """The toast after taking ``change`` back, and whether there is something to take back of that."""
    found = _TAKEN_BACK.match(title(change))
    name = display_text(title(change) if found is None else found["title"], _TITLE)
    if not changed:
        return f"nothing to take back of '{name}'", False
    verb = "did again" if found and found["what"] == "undo" else "took back"
    return f"{verb} '{name}': {format_count(changed, 'key')} changed", True


def _quoted(change: ChangeSet) -> str:
    return f"'{display_text(title(change), _TITLE)}'"
