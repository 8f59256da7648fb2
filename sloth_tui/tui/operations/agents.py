"""Create, duplicate and delete agents: ask first, report afterwards."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sloth_tui.agents import DEFAULT_AGENT, MAX_NAME, check_name
from sloth_tui.errors import Conflict, DatabaseUnusable, Interrupted, Refused, SlothError
from sloth_tui.text import display_text, format_count, format_size
from sloth_tui.tui.actions import key_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import App

    from sloth_tui.errors import PassphraseNeeded
    from sloth_tui.tui.messages import AgentSummary
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.job import Job

_PATH_LIMIT = 160


class AgentOperations:
    """Coroutines to run as workers of the app; they raise the errors of the store. ``show`` brings an agent
    on screen."""

    def __init__(
        self, app: App[int], operations: Operations, services: Services, show: Callable[[str], None]
    ) -> None:
        self._app = app
        self._operations = operations
        self._services = services
        self._show = show

    async def create(self, names: list[str]) -> None:
        """Ask for a name and create an agent. ``names`` are taken."""
        name = await self._asked("Name of the new agent", names)
        if name is not None:
            await asyncio.wrap_future(self._services.databases.create(name))
            self._show(name)
            self._operations.notify(f"made agent {name}, with an empty store")

    async def duplicate(self, name: str, names: list[str]) -> None:
        """Ask for a name and copy an agent. ``names`` are taken."""
        copy = await self._asked(f"Name of the copy of {name}", names, find_unused_name(name, names))
        if copy is not None:
            databases = self._services.databases
            if await self._watched(
                f"Copying {name}", lambda job: databases.duplicate(name, copy, job.report)
            ):
                self._show(copy)
                self._operations.notify(f"copied agent {name} to {copy}, history and locks included")

    async def delete(self, summary: AgentSummary, next_shown: str) -> None:
        """Delete an agent, after the user typed its name. ``next_shown`` takes its place on screen. Raises
        Refused for the default agent, Conflict while a run is going on."""
        from sloth_tui.tui.dialogs.typed_confirm import TypedConfirmScreen

        name = summary.name
        if name == DEFAULT_AGENT:
            raise Refused(f"agent {name} always exists", hint="clear all its keys instead, from the palette")
        if self._services.running:
            raise Conflict("a run is going on", hint="stop it first")
        question = f"Delete agent {name} and its store?"
        dialog = TypedConfirmScreen(question, self._facts(summary), name, f"Delete {name}")
        if not await self._app.push_screen_wait(dialog):
            return
        # No program may have the store open, this one included.
        self._show(next_shown)
        backup = None
        try:
            backup = await self._watched(
                f"Backing up {name}", lambda job: self._services.databases.remove(name, job.report)
            )
        finally:
            if backup is None:
                self._show(name)
        if backup is not None:
            self._operations.notify(
                f"deleted agent {name} · backup: {display_text(backup, _PATH_LIMIT)}", seconds=12
            )

    async def unlock(self, name: str, needed: PassphraseNeeded) -> None:
        """Ask for the passphrase that protects an agent's key, and open the agent. Raises DatabaseUnusable
        after three wrong ones, and on a page, where nobody should type it."""
        if self._app.is_web:
            raise DatabaseUnusable(
                "a passphrase protects its key, and no page asks for it",
                hint="SLOTH_RUNNER_KEY names another source of the key",
            )
        from sloth_tui.tui.dialogs.passphrase import PassphraseScreen

        async def attempt(passphrase: str) -> bool:
            return await asyncio.to_thread(self._services.unlock, needed, passphrase)

        answer = await self._app.push_screen_wait(PassphraseScreen(name, needed.key_file, attempt))
        if answer is False:
            raise DatabaseUnusable("wrong passphrase, three times", hint=f"{key_of('refresh')} asks again")

    async def _watched(self, what: str, begin: Callable[[Job], Future[str]]) -> str | None:
        """Return the result of a job; None if it was cancelled."""
        try:
            return await self._operations.run_job(what, "pages", begin)
        except Interrupted:
            self._operations.notify("cancelled: nothing was changed")
            return None

    async def _asked(self, question: str, names: list[str], value: str = "") -> str | None:
        from sloth_tui.tui.dialogs.prompt import PromptScreen

        note = "1-64 of A-Z a-z 0-9 . _ - starting with a letter or digit"
        dialog = PromptScreen(
            question, value=value, note=note, check=lambda name: find_name_problem(name, names)
        )
        return await self._app.push_screen_wait(dialog)

    def _facts(self, summary: AgentSummary) -> list[str]:
        facts = []
        if summary.problem is not None:
            facts.append(f"it cannot be read: {summary.problem}")
        if summary.keys is not None:
            held = f"it holds {format_count(summary.keys, 'key')}"
            facts.append(held if summary.size is None else f"{held}, {format_size(summary.size)} on disk")
        if summary.locks:
            facts.append(f"{format_count(summary.locks, 'lock')} in it held now: somebody may be at work")
        backups = display_text(self._services.databases.place_of_backups(), _PATH_LIMIT)
        return [*facts, f"{key_of('undo')} does not bring it back; a backup is written to {backups}"]


def find_name_problem(name: str, names: list[str]) -> str | None:
    """Return why a new agent cannot have this name; None if it can."""
    try:
        check_name(name)
    except SlothError as error:
        return f"{error.message}: {error.hint}"
    return f"there is an agent {name} already" if name in names else None


def find_unused_name(name: str, names: list[str]) -> str:
    """Return a free name for a copy of this agent."""
    stem = name[: MAX_NAME - 9] + "-copy"
    found, number = stem, 1
    while found in names:
        number += 1
        found = f"{stem}-{number}"
    return found
