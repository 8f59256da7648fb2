"""Write to the person at the terminal, on stderr: messages, questions, and why a command failed."""

from __future__ import annotations

import sys

from sloth_tui.cli.interrupt import Heeded
from sloth_tui.cli.output.stdout import Output, OutputClosed, write_all
from sloth_tui.errors import ExitCode, Interrupted, Refused, SlothError
from sloth_tui.text import display_text, encodable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


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
    with Heeded():
        answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        narrate("")
    if answer.strip().lower() not in ("y", "yes"):
        raise Refused("not confirmed; nothing was changed")


def is_terminal(stream: object) -> bool:
    """True if the stream is a terminal; a closed stream (None) is not."""
    isatty = getattr(stream, "isatty", None)
    return isatty is not None and bool(isatty())


def report(error: BaseException, out: Output, words: Sequence[str]) -> int:
    """Write the output that the command has collected, then why it failed; return the exit code."""
    if not isinstance(error, OutputClosed):
        _flush(out)
    if isinstance(error, OutputClosed):
        return ExitCode.OK
    if isinstance(error, KeyboardInterrupt):
        error = Interrupted()
    debug = "--debug" in (words[: words.index("--")] if "--" in words else words)
    if debug:
        _write_trace(error)
    from sloth_tui.shortage import describe_shortage

    lacking = describe_shortage(error)
    if lacking is not None:
        _report_lines(lacking, None)
        # What the interpreter tidies up at its end may need more of the same.
        sys.unraisablehook = _ignore
        return ExitCode.FAILURE
    if isinstance(error, SlothError):
        _report_lines(error.message, error.hint)
        return error.exit_code
    _report_lines(_describe_error(error), None if debug else "add --debug to see where")
    return ExitCode.FAILURE


def _flush(out: Output) -> None:
    try:
        out.flush()
    except (OutputClosed, SlothError):
        return  # of two failures the first one is reported


def _report_lines(message: str, hint: str | None) -> None:
    narrate(f"error: {display_text(message)}")
    if hint is not None:
        narrate(f"hint: {display_text(hint)}")


def _describe_error(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"unexpected failure: {type(error).__name__}: {error}"


def _ignore(_: object) -> None:
    return


def _write_trace(error: BaseException) -> None:
    import traceback

    text = "".join(traceback.format_exception(error))
    narrate(display_text(text.rstrip("\n"), lines=True))
