"""What a command says to the person at the terminal, on stderr, beside its data."""

from __future__ import annotations

import sys

from sloth_tui.cli.output.stdout import write_all
from sloth_tui.errors import Refused
from sloth_tui.text import display_text, encodable


def narrate(message: str) -> None:
    """Write one line of narration to stderr, harmless text."""
    say(message + "\n")


def say(text: str) -> None:
    """Write harmless text to stderr; one that is closed, full or gone is no reason to end otherwise."""
    if sys.stderr is None:
        return
    encoding = sys.stderr.encoding or "ascii"
    try:
        write_all(sys.stderr, encodable(text, encoding).encode(encoding))
    except (OSError, ValueError):
        return


def tell(message: str) -> None:
    """Say what was done, to a person: a script has the exit code and wants silence."""
    if is_terminal(sys.stderr):
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
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise Refused(
            f"will not {deed} unasked, and there is no terminal to ask on",
            hint="nothing was changed; add --yes to go ahead",
        )
    say(f"{display_text(deed[0].upper() + deed[1:] + details)}? [y/N] ")
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        narrate("")
    if answer.strip().lower() not in ("y", "yes"):
        raise Refused("not confirmed; nothing was changed")


def is_terminal(stream: object) -> bool:
    """Whether it is one; a stream that is closed (None) is not."""
    isatty = getattr(stream, "isatty", None)
    return isatty is not None and bool(isatty())


def at_terminal() -> bool:
    """Whether all that a terminal UI needs is one: it reads stdin and draws on stderr, for a person."""
    return all(map(is_terminal, (sys.stdin, sys.stdout, sys.stderr)))
