"""The user's own commands, and what they act on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.services.commands.handing import Chosen, chosen_keys, chosen_lock, chosen_run

if TYPE_CHECKING:
    from sloth_tui.model import Lock
    from sloth_tui.runs.model import Run
    from sloth_tui.settings_commands import OwnCommand
    from sloth_tui.tui import messages
    from sloth_tui.tui.own_commands.operations import CommandOperations

_NOTHING = {"key": "no key is chosen", "lock": "no lock is held", "run": "no run is chosen"}


class CommandsController(Controller):
    """Runs commands on what is chosen, wherever the cursor is."""

    _command_operations: CommandOperations | None = None

    def action_run_command(self, name: str) -> None:
        self.workers.look(self._run(name))

    def action_show_commands(self) -> None:
        self.workers.look(self._about_commands.show())

    def on_own_command_ended(self, message: messages.OwnCommandEnded) -> None:
        self._about_commands.tell_end(message.number)

    async def _run(self, name: str) -> None:
        command = self.services.commands.command(name)
        chosen = await self._chosen(command)
        if chosen is None:
            self.operations.notify(_NOTHING[command.on])
        else:
            await self._about_commands.run(command, chosen)

    async def _chosen(self, command: OwnCommand) -> Chosen | None:
        """Return what a command acts on; None if there is no such thing."""
        if command.on == "key":
            keys = self.context.chosen_keys
            return chosen_keys(keys) if keys else None
        if command.on == "lock":
            lock = self.lazy.locks.highlighted if self.lazy.loaded else None
            return None if lock is None else await self._chosen_lock(lock)
        if command.on == "run":
            run = self._run_on_screen()
            return None if run is None else chosen_run(run)
        return Chosen((self.services.agent,) if command.on == "agent" else (), {})

    async def _chosen_lock(self, lock: Lock) -> Chosen:
        from sloth_tui.tui.operations.lock_holder import find_origin

        origin = await find_origin(self.services, lock)
        return chosen_lock(lock, None if origin is None else origin.run)

    def _run_on_screen(self) -> Run | None:
        """Return the run that is chosen on the run screen, or else the one in the dock."""
        screen = self.screen.app.screen
        if screen is not self.screen:
            return getattr(screen, "chosen_run", None)
        newest = self.services.runs.newest
        return None if newest is None else newest.now

    @property
    def _about_commands(self) -> CommandOperations:
        """The operations on commands, loaded on first use."""
        if self._command_operations is None:
            from sloth_tui.tui.own_commands.operations import CommandOperations

            self._command_operations = CommandOperations(self.screen.app, self.operations, self.services)
        return self._command_operations
