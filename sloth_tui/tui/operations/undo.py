"""Undo change sets: ask first, report afterwards."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from sloth_tui.errors import Conflict, HistoryPruned, Interrupted
from sloth_tui.masking import MASK
from sloth_tui.text import display_text, format_age, format_count
from sloth_tui.tui.widgets.dock.change_set_text import author_of, describe_revision, sign_of, title_of
from sloth_tui.values.render import one_line

if TYPE_CHECKING:
    from sloth_tui.errors import SlothError
    from sloth_tui.model import ChangeSet, Step
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services

_SAMPLE_SIZE = 8
_TITLE_CHARACTERS = 60
_LISTED_REVISIONS = 1000
"""Revisions of a change set listed at most."""
_OBSTACLE_LIMIT = 5000
"""Revisions of the largest change set whose obstacles are listed."""
_TAKEN_BACK = re.compile(r"(?P<what>undo|redo) (?P<id>x?\d+): (?P<title>.*)", re.DOTALL)
"""The title of a change set that undid another one."""


class UndoOperations:
    """Coroutines to run as workers of the app; they raise the errors of the store. Change sets of this
    session are undone at once, those of others after asking."""

    def __init__(self, operations: Operations, services: Services) -> None:
        self._operations = operations
        self._services = services
        self._one_at_a_time = asyncio.Lock()
        """The last change set is known only once the previous undo is done."""

    async def undo_last(self) -> None:
        """Undo the last change set of this session, else the last of all."""
        async with self._one_at_a_time:
            agent = self._services.agent
            change_set = await asyncio.wrap_future(self._services.change_sets.last())
            await self._undo(agent, change_set)

    async def undo(self, change_set: ChangeSet) -> None:
        """Undo this change set of the agent on screen."""
        agent = self._services.agent
        async with self._one_at_a_time:
            await self._undo(agent, change_set)

    async def show(self, change_set: ChangeSet) -> str | None:
        """Show a change set in a dialog that can undo it; return the key to go to, or None."""
        from sloth_tui.tui.dialogs.change_set import ChangeSetScreen

        parts = await asyncio.wrap_future(self._services.change_sets.read(change_set.id, _LISTED_REVISIONS))
        screen = ChangeSetScreen(
            parts.change_set, parts.revisions, self._services.is_secret, complete=parts.complete
        )
        choice = await self._operations.ask(screen)
        if choice.undo:
            await self.undo(parts.change_set)
        return choice.key

    async def _undo(self, agent: str, change_set: ChangeSet) -> None:
        self._services.check_writable()
        if agent != self._services.agent:
            # Another agent was chosen meanwhile.
            return
        if not self._services.change_sets.is_own(change_set.origin) and not await self._confirm(change_set):
            return
        try:
            try:
                changed = await self._take_back(agent, change_set)
            except (Conflict, HistoryPruned) as error:
                if not await self._confirm_despite(change_set, error):
                    return
                changed = await self._take_back(agent, change_set, force=True)
        except Interrupted:
            self._operations.notify(f"cancelled, nothing was taken back of {_quoted(change_set)}")
        else:
            self._operations.notify_undoable(*report_undo(change_set, changed))

    async def _take_back(self, agent: str, change_set: ChangeSet, *, force: bool = False) -> int:
        title = title_for_undo(change_set)
        return await self._operations.run_job(
            f"Taking back {_quoted(change_set)}",
            "keys",
            lambda job: self._services.jobs.undo(job, agent, change_set, title, force=force),
        )

    async def _confirm(self, change_set: ChangeSet) -> bool:
        """Ask before undoing a change set of another session, and show what it did."""
        parts = await asyncio.wrap_future(self._services.change_sets.read(change_set.id, _SAMPLE_SIZE))
        age = format_age(change_set.at, time.time())
        lines = [f"by {author_of(change_set)}, {age}, not by this session:"]
        for revision in parts.revisions:
            hidden = self._services.is_secret(revision.key)
            lines.append(f"  {sign_of(revision)} {describe_revision(revision, hidden=hidden)}")
        rest = change_set.revisions - len(parts.revisions)
        more = f"… and {format_count(rest, 'more change', 'more changes')}" if rest > 0 else ""
        return await self._operations.confirm(
            f"Take back {_quoted(change_set)}?", lines, more, "Take it back"
        )

    async def _confirm_despite(self, change_set: ChangeSet, error: SlothError) -> bool:
        """Ask again if keys changed since or the history is incomplete."""
        if change_set.revisions <= _OBSTACLE_LIMIT:
            blocked = await asyncio.wrap_future(
                self._services.change_sets.obstacles(change_set, _SAMPLE_SIZE + 1)
            )
        else:
            blocked = []
        lines = [error.message]
        lines += [f"  {self._described(step)}" for step in blocked[:_SAMPLE_SIZE]]
        more = "… and more" if len(blocked) > _SAMPLE_SIZE else ""
        rest = "Keys others changed since are overwritten; those of which nothing is kept stay as they are."
        question = f"Take back {_quoted(change_set)} all the same?"
        return await self._operations.confirm(
            question, lines, f"{more}\n{rest}" if more else rest, "All the same"
        )

    def _described(self, step: Step) -> str:
        """Return ``key: now → then``."""
        key = display_text(step.key, _TITLE_CHARACTERS)
        if step.obstacle != "changed":
            return f"{key}: {step.obstacle}, stays as it is"
        hidden = self._services.is_secret(step.key)
        now, then = (
            MASK if hidden and value is not None else one_line(value, 40) for value in (step.old, step.new)
        )
        return f"{key}: {now} → {then}"


def title_for_undo(change_set: ChangeSet) -> str:
    """Return the log title for undoing ``change_set``. Undoing an undo is a redo, and the reverse."""
    found = _TAKEN_BACK.match(title_of(change_set))
    if found is None:
        return f"undo {change_set.id}: {title_of(change_set)}"
    other = "redo" if found["what"] == "undo" else "undo"
    return f"{other} {found['id']}: {found['title']}"


def report_undo(change_set: ChangeSet, changed: int) -> tuple[str, bool]:
    """Return the toast after undoing ``change_set``, and whether that can be undone in turn."""
    found = _TAKEN_BACK.match(title_of(change_set))
    name = display_text(title_of(change_set) if found is None else found["title"], _TITLE_CHARACTERS)
    if not changed:
        return f"nothing to take back of '{name}'", False
    verb = "did again" if found and found["what"] == "undo" else "took back"
    return f"{verb} '{name}': {format_count(changed, 'key')} changed", True


def _quoted(change_set: ChangeSet) -> str:
    return f"'{display_text(title_of(change_set), _TITLE_CHARACTERS)}'"
