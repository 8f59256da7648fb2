"""The commands of ``[commands]`` in config.toml, and those that were started."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from sloth_tui.settings_commands import read_commands
from sloth_tui.tui.messages import OwnCommandEnded
from sloth_tui.tui.services.commands.process import RunningCommand

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.message import Message

    from sloth_tui.settings import Settings
    from sloth_tui.settings_commands import OwnCommand
    from sloth_tui.tui.services.commands.handing import Handed

_KEPT = 20
"""Commands that have ended and whose output can still be looked at."""
_CLOSE_MARGIN_SECONDS = 5.0


class OwnCommands:
    """Starts commands, and keeps what they print."""

    def __init__(self, post: Callable[[Message], object], settings: Settings) -> None:
        self._post = post
        self._settings = settings
        self.started: list[RunningCommand] = []
        """Those that run, and the last ones that have ended, oldest first."""
        self._count = 0

    @cached_property
    def _by_name(self) -> dict[str, OwnCommand]:
        return {command.name: command for command in read_commands(self._settings)}

    def command(self, name: str) -> OwnCommand:
        """Raises KeyError, InvalidConfig."""
        return self._by_name[name]

    @property
    def running(self) -> list[RunningCommand]:
        return [started for started in self.started if started.running]

    def start(self, handed: Handed) -> RunningCommand:
        """Start a command; OwnCommandEnded follows. Raises SlothError."""
        self._count += 1
        started = RunningCommand(
            self._count, handed, self._settings.grace, lambda number: self._post(OwnCommandEnded(number))
        )
        started.start()
        over = [command for command in self.started if not command.running][: -_KEPT or None]
        self.started = [command for command in self.started if command not in over]
        self.started.append(started)
        return started

    def find(self, number: int) -> RunningCommand | None:
        """Return a command by the number of OwnCommandEnded; None if it is not kept any more."""
        return next((started for started in self.started if started.number == number), None)

    def stop_all(self) -> None:
        """Ask all that run to end; those that were asked already are killed."""
        for command in self.running:
            command.stop()

    def close(self) -> None:
        """End all that run, and wait for that as long as it may take."""
        for command in self.running:
            if not command.stopped:
                command.stop()
        until = time.monotonic() + self._settings.grace + _CLOSE_MARGIN_SECONDS
        for command in self.running:
            command.join(max(until - time.monotonic(), 0.0))
