"""What the Files view gives to other programs: the file to an editor, its command line to the clipboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text

if TYPE_CHECKING:
    from textual.app import App

    from sloth_tui.tui.run_screen.files.form.command_line import CommandLine

_SHOWN_CHARACTERS = 100
"""Characters of the copied line that the toast shows."""


def say(app: App[int], words: str, *, bad: bool = False) -> None:
    """Show a toast; ``words`` may be data."""
    app.notify(display_text(words, 600), severity="error" if bad else "information", markup=False)


def edit(app: App[int], path: str, line: int | None) -> None:
    """Let the person edit a file; ``line``, from 1, is where."""
    from sloth_tui.tui.external.programs import Lender, edit_file

    try:
        edit_file(cast("Lender", app), path, line)
    except SlothError as error:
        say(app, error.message, bad=True)


async def copy(app: App[int], line: CommandLine, command: tuple[str, ...]) -> None:
    """Copy a command line, and say what is to be known of it. ``command``: as for
    :class:`sloth_tui.tui.external.clipboard.Clipboard`."""
    from sloth_tui.tui.external.clipboard import Clipboard

    try:
        note = await Clipboard(app, command).put(line.text)
    except SlothError as error:
        say(app, error.message, bad=True)
        return
    words = [f"copied {display_text(line.text, _SHOWN_CHARACTERS)}"]
    if line.variables:
        words.append(f"its secrets are not in it: first set {', '.join(line.variables)}")
    say(app, " · ".join([*words, note] if note else words))
