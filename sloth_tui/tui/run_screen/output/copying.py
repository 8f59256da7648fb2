"""Copy lines of the output, or show all of it in a pager."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text, format_count
from sloth_tui.tui.run_screen.output.painted import shown_text
from sloth_tui.tui.run_screen.view import RunView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.widget import Widget

    from sloth_tui.tui.external.programs import Lender
    from sloth_tui.tui.services.run_output.buffer import OutputBuffer
    from sloth_tui.tui.services.run_output.lines import OutputLine


async def copy_lines(view: Widget, lines: Sequence[OutputLine | str], what: str = "") -> None:
    """Copy lines without their colours, and say so; ``what`` they are, if not so many lines."""
    from sloth_tui.tui.external.clipboard import Clipboard

    texts = [line if isinstance(line, str) else shown_text(line) for line in lines]
    if len(texts) > 1:
        text = "".join(f"{line}\n" for line in texts)
    else:
        text = texts[0].removeprefix("  ") if texts else ""
    try:
        clipboard = Clipboard(view.app, _view_of(view).services.settings.copy_command)
        note = await clipboard.put(text)
    except SlothError as error:
        _show_error(view, error)
        return
    told = f"copied {what or format_count(len(texts), 'line')}" + (f" · {note}" if note else "")
    view.app.notify(display_text(told), markup=False)


def page_whole(view: Widget, buffer: OutputBuffer) -> None:
    """Show all of the output of the run in $PAGER."""
    from sloth_tui.tui.external.programs import page_text
    from sloth_tui.tui.services.run_output.whole import whole_output

    if buffer.started is None:
        view.app.notify("there is no output yet", markup=False)
        return
    try:
        page_text(
            cast("Lender", view.app), whole_output(buffer.started.run, _view_of(view).services.is_secret)
        )
    except SlothError as error:
        _show_error(view, error)


def _view_of(widget: Widget) -> RunView:
    return next(each for each in widget.ancestors if isinstance(each, RunView))


def _show_error(view: Widget, error: SlothError) -> None:
    text = error.message if error.hint is None else f"{error.message}\n{error.hint}"
    view.app.notify(display_text(text, 600, lines=True), severity="error", markup=False)
