"""``tui``: open the terminal UI."""

from __future__ import annotations

from sloth_tui.agents import named_agent
from sloth_tui.cli.output.terminal import NEEDS_TERMINAL, at_terminal, unfit_terminal
from sloth_tui.cli.parsing.spec import READ_ONLY, WHOSE, Arguments, Command
from sloth_tui.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output


def open_tui(arguments: Arguments, out: Output) -> int:
    """Show an agent until the person quits. Raises UsageError if there is no terminal to draw on."""
    agent = named_agent(arguments.agent)
    if not at_terminal():
        raise UsageError("the terminal UI needs a terminal", hint=NEEDS_TERMINAL)
    obstacle = unfit_terminal()
    if obstacle is not None:
        raise obstacle
    from sloth_tui.tui import run_app

    return run_app(agent, arguments.read_only)


COMMANDS = (
    Command(
        ("tui",),
        "open the terminal UI; so does sloth-runner without a command",
        open_tui,
        options=[*WHOSE, READ_ONLY],
        example="sloth-runner tui --agent production --read-only",
    ),
)
