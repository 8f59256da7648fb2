"""Commands of the user's own, without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sloth_tui.settings import Settings
from sloth_tui.settings_commands import OwnCommand
from sloth_tui.tui.services.commands.commands import OwnCommands
from sloth_tui.tui.services.commands.handing import Handed, chosen_keys, hand_over
from tests.support import wait_until
from tests.tui.services.inbox import Inbox

if TYPE_CHECKING:
    from sloth_tui.tui.services.commands.process import RunningCommand


def handed(text: str, keys: list[str] | None = None, *, value: bytes | None = None, **fields: Any) -> Handed:
    command = OwnCommand("deploy", text, "Deploy", on="key", **fields)
    return hand_over(command, chosen_keys(keys or ["a"]), agent="local", store=None, value=value)


def commands(grace: float = 10.0) -> OwnCommands:
    return OwnCommands(Inbox(), Settings(grace=grace))


def printed(command: RunningCommand) -> list[str]:
    return command.output.texts(command.output.first, command.output.end)


def ended(command: RunningCommand) -> RunningCommand:
    wait_until(lambda: not command.running, what="the end of the command")
    return command


def result(text: str, keys: list[str] | None = None, **fields: Any) -> tuple[int | None, list[str]]:
    """The exit code of a command, and the lines that it printed."""
    command = ended(commands().start(handed(text, keys, **fields)))
    return command.exit_code, printed(command)
