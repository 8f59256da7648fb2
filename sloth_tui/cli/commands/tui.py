"""``tui``: the terminal UI."""

from __future__ import annotations

from sloth_tui.cli.narration import at_terminal
from sloth_tui.cli.spec import AGENT, Arguments, Command, Option
from sloth_tui.errors import UsageError
from sloth_tui.settings import named_agent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output import Output


def open_tui(arguments: Arguments, out: Output) -> int:
    agent = named_agent(arguments.agent)
    if not at_terminal():
        raise UsageError(
            "the terminal UI needs a terminal",
            hint="for scripts there are sloth-runner state --help and others",
        )
    from sloth_tui.tui import run_app

    return run_app(agent, arguments.read_only)


COMMANDS = (
    Command(
        ("tui",),
        "open the terminal UI; so does sloth-runner without a command",
        open_tui,
        options=[AGENT, Option(("--read-only",), "change nothing, whatever is pressed")],
        example="sloth-runner tui --agent production --read-only",
    ),
)
