"""Report a failed command: one line on stderr, and an exit code."""

from __future__ import annotations

from contextlib import suppress

from sloth_tui.cli.output.narration import narrate
from sloth_tui.cli.output.stdout import Output, OutputClosed
from sloth_tui.errors import ExitCode, Interrupted, SlothError
from sloth_tui.text import display_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def report(error: BaseException, out: Output, words: Sequence[str]) -> int:
    """Write the output that the command has collected, then why it failed; return the exit code."""
    if not isinstance(error, OutputClosed):
        # Of two failures the first one is reported.
        with suppress(OutputClosed, SlothError):
            out.flush()
    if isinstance(error, OutputClosed):
        return ExitCode.OK
    if isinstance(error, KeyboardInterrupt):
        error = Interrupted()
    if "--debug" in words:
        _trace(error)
    from sloth_tui.shortage import describe_shortage

    lacking = describe_shortage(error)
    if lacking is not None:
        _lines(lacking, None)
        return ExitCode.FAILURE
    if isinstance(error, SlothError):
        _lines(error.message, error.hint)
        return error.exit_code
    _lines(_described(error), None if "--debug" in words else "add --debug to see where")
    return ExitCode.FAILURE


def _lines(message: str, hint: str | None) -> None:
    narrate(f"error: {display_text(message)}")
    if hint is not None:
        narrate(f"hint: {display_text(hint)}")


def _described(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return f"unexpected failure: {type(error).__name__}: {error}"


def _trace(error: BaseException) -> None:
    import traceback

    text = "".join(traceback.format_exception(error))
    narrate(display_text(text.rstrip("\n"), lines=True))
