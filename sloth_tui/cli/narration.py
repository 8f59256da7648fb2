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


def confirm(deed: str, details: str, *, yes: bool) -> None:
    """Ask whether to do it, ``delete 3 keys`` for example, and return if the answer is yes.

    Raises Refused if it is anything else, or if nobody is there to ask.
    """
    if yes:
        return
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stderr)):
        raise Refused(
            f"will not {deed} unasked, and there is no terminal to ask on",
            hint="nothing was changed; add --yes to go ahead",
        )
    prompt = f"{display_text(deed[0].upper() + deed[1:] + details)}? [y/N] "
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
