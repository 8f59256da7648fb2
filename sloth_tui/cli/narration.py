"""What a command says to the person at the terminal, on stderr, beside its data."""

from __future__ import annotations

import sys

from sloth_tui.errors import Refused
from sloth_tui.text import display_text, encodable, narrate


def tell(message: str) -> None:
    """Say what was done, to a person: a script has the exit code and wants silence."""
    if _is_terminal(sys.stderr):
        narrate(display_text(message))


def warn(message: str) -> None:
    """One line about something that is no failure but should be known."""
    narrate(f"warning: {display_text(message)}")


def confirm(question: str, *, yes: bool) -> None:
    """Return if the answer is yes; raise Refused if it is anything else or nobody is there to ask."""
    if yes:
        return
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
        raise Refused(
            "not confirmed, and no terminal to ask on; nothing was changed", hint="add --yes to go ahead"
        )
    prompt = f"{display_text(question)} [y/N] "
    sys.stderr.write(encodable(prompt, sys.stderr.encoding))
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        narrate("")
    if answer.strip().lower() not in ("y", "yes"):
        raise Refused("not confirmed; nothing was changed")


def _is_terminal(stream: object) -> bool:
    isatty = getattr(stream, "isatty", None)
    return isatty is not None and bool(isatty())
