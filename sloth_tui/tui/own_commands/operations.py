"""Run a command of the user's own: ask what it wants to know, start it, tell how it ended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from sloth_tui.errors import NotWritable, SlothError, UsageError
from sloth_tui.text import display_text, format_count
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.services.commands.handing import hand_over
from sloth_tui.tui.services.commands.outcome import outcome_of

if TYPE_CHECKING:
    from textual.app import App

    from sloth_tui.settings_commands import OwnCommand
    from sloth_tui.tui.external.programs import Lender
    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.own_commands.screen import CommandScreen
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.commands.handing import Chosen, Handed
    from sloth_tui.tui.services.commands.process import RunningCommand

_SAMPLE_SIZE = 8
_TEXT_LIMIT = 200


class CommandOperations:
    """Coroutines to run as workers of the app."""

    def __init__(self, app: App[int], operations: Operations, services: Services) -> None:
        self._app = app
        self._operations = operations
        self._services = services

    async def run(self, command: OwnCommand, chosen: Chosen) -> None:
        """Run a command on what is chosen. Raises SlothError."""
        if self._services.read_only and not command.reads_only:
            raise NotWritable("the program was started with --read-only")
        agent = self._services.agent
        self._refuse_secrets(command, chosen)
        answer = None
        if command.ask:
            answer = await self._ask(command)
            if answer is None:
                return
        if command.confirm and not await self._confirm(command, chosen):
            return
        handed = hand_over(
            command,
            chosen,
            agent=agent,
            store=self._services.elsewhere,
            read_only=self._services.read_only,
            answer=answer,
            value=await self._value(command, chosen),
        )
        if command.output == "terminal":
            self._give_terminal(handed)
        else:
            started = self._services.commands.start(handed)
            if command.output == "pane":
                await self.show(started)

    async def show(self, command: RunningCommand | None = None) -> None:
        """Show what a command has printed, or with None the one that was started last."""
        started = self._services.commands.started
        if command is None and not started:
            self._operations.notify(
                "nothing has run yet; [commands.NAME] in config.toml adds commands of your own"
            )
            return
        from sloth_tui.tui.own_commands.screen import CommandScreen

        open_already = self._screen
        if open_already is not None:
            open_already.choose(command or started[-1])
        else:
            await self._app.push_screen(CommandScreen(self._services, command or started[-1]))

    def tell_end(self, number: int) -> None:
        """Tell how a command has ended, unless it can be seen."""
        command = self._services.commands.find(number)
        if command is None or (self._screen is not None and self._screen.shown is command):
            return
        own, end = command.handed.command, outcome_of(command)
        last = display_text(command.output.last, _TEXT_LIMIT)
        shows = f"{key_of('show_commands')} shows what it printed"
        if end.failed:
            text = f"{own.label} {end.words}: {last}" if last else f"{own.label} {end.words}"
            self._app.notify(f"{text}\n{shows}", severity="error", timeout=8, markup=False)
        elif own.output == "toast":
            self._operations.notify(last or f"{own.label} {end.words}")
        elif own.output == "pane":
            self._operations.notify(f"{own.label} {end.words} · {shows}")

    @property
    def _screen(self) -> CommandScreen | None:
        """The screen with what commands print, if it is open."""
        return next((screen for screen in self._app.screen_stack if screen.id == "commands"), None)  # type: ignore[return-value]

    async def _ask(self, command: OwnCommand) -> str | None:
        from sloth_tui.tui.dialogs.prompt import PromptScreen

        note = f"{command.label} gets it as SLOTH_ANSWER"
        return await self._operations.ask(PromptScreen(command.ask, note=note))

    async def _confirm(self, command: OwnCommand, chosen: Chosen) -> bool:
        more = len(chosen.names) - _SAMPLE_SIZE
        sample = [*chosen.names[:_SAMPLE_SIZE], *([f"… and {more:,} more"] if more > 0 else [])]
        text = f"$ {' '.join(command.run.split())}"
        return await self._operations.confirm(
            command.confirm, sample or [self._services.agent], text, "Run it"
        )

    def _refuse_secrets(self, command: OwnCommand, chosen: Chosen) -> None:
        """Raise UsageError if the command would get a value that is masked, and may not."""
        if command.secrets or not (command.value or command.stdin == "value"):
            return
        secret = next((key for key in chosen.names if self._services.is_secret(key)), None)
        if secret is not None:
            raise UsageError(
                f"{display_text(secret, _TEXT_LIMIT)} is secret: {command.label} may not have its value",
                hint=f"secrets = true in [commands.{command.name}] allows it",
            )

    async def _value(self, command: OwnCommand, chosen: Chosen) -> bytes | None:
        """Return what the keys hold, as ``state get`` prints it; of several, one JSON object."""
        if not (command.value or command.stdin == "value"):
            return None
        keys = list(chosen.names)
        values = await asyncio.wrap_future(self._services.lookups.values(keys))
        if len(values) < len(keys):
            gone = format_count(len(keys) - len(values), "key is", "keys are")
            raise SlothError(f"{gone} not there any more; nothing was run")
        from sloth_tui.values.render import as_object, bare

        found = bare(values[keys[0]]) if len(keys) == 1 else as_object(values)
        return found if isinstance(found, bytes) else found.encode("utf-8", "surrogateescape")

    def _give_terminal(self, handed: Handed) -> None:
        from sloth_tui.tui.external.programs import run_program

        code = run_program(cast("Lender", self._app), handed.arguments, handed.environment(), handed.feed)
        if code:
            how = f"failed with exit code {code}" if code > 0 else f"was ended by signal {-code}"
            self._operations.notify(f"{handed.command.label} {how}")
