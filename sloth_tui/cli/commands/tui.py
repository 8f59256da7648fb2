"""``tui``: the terminal UI."""

from __future__ import annotations

import os

from sloth_tui.cli.output.narration import at_terminal
from sloth_tui.cli.parsing.spec import AGENT, READ_ONLY, Arguments, Command
from sloth_tui.errors import UsageError
from sloth_tui.settings import named_agent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.cli.output.stdout import Output


_HINT = "for scripts there are sloth-runner state --help and others"
_TYPEWRITERS = ("", "dumb", "unknown", "network", "dialup")
"""What ``$TERM`` says where a terminal cannot move its cursor, or nobody knows whether it can."""


def unfit_terminal() -> UsageError | None:
    """Why nothing can be drawn on this terminal; None: it can."""
    kind = os.environ.get("TERM", "")
    if kind not in _TYPEWRITERS:
        return None
    named = f"TERM={kind}" if kind else "no TERM"
    return UsageError(
        f"the terminal UI needs a terminal that can move its cursor; this has {named}", hint=_HINT
    )


def open_tui(arguments: Arguments, out: Output) -> int:
    """Show an agent until somebody leaves. Raises UsageError where there is nothing to draw on."""
    agent = named_agent(arguments.agent)
    if not at_terminal():
        raise UsageError("the terminal UI needs a terminal", hint=_HINT)
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
        options=[AGENT, READ_ONLY],
        example="sloth-runner tui --agent production --read-only",
    ),
)
