"""Write messages to the person at the terminal, on stderr, and ask for confirmation."""

from __future__ import annotations

import sys

from sloth_tui.cli.output.stdout import write_all
from sloth_tui.errors import Refused
from sloth_tui.text import display_text, encodable


def narrate(message: str) -> None:
    """Write one line of escaped text to stderr."""
    say(message + "\n")


def say(text: str) -> None:
    """Write escaped text to stderr. If stderr is closed, full or gone, the command continues."""
    if sys.stderr is None:
        return
    encoding = sys.stderr.encoding or "ascii"
    try:
        write_all(sys.stderr, encodable(text, encoding).encode(encoding))
    except (OSError, ValueError):
        return


def tell(message: str) -> None:
    """Report what was done, if stderr is a terminal: a script has the exit code and wants silence."""
    if is_terminal(sys.stderr):
        narrate(display_text(message))


def warn(message: str) -> None:
    """Write one line about something that is not a failure but should be known."""
    narrate(f"warning: {display_text(message)}")


def confirm(deed: str, details: str, *, yes: bool) -> None:
    """Ask whether to do it, for example ``delete 3 keys``, and return if the answer is yes.

    Raises Refused for any other answer, or if there is no terminal to ask on.
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
    """True if the stream is a terminal; a closed stream (None) is not."""
    isatty = getattr(stream, "isatty", None)
    return isatty is not None and bool(isatty())
