"""Copy what is on the run screen, or show the output of a run in a pager."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.run_screen.view import RunView

if TYPE_CHECKING:
    from textual.widget import Widget

    from sloth_tui.tui.external.programs import Lender
    from sloth_tui.tui.services.run_output.buffer import OutputBuffer


async def copy_text(view: Widget, text: str, what: str) -> None:
    """Copy a text, and say ``what`` was copied."""
    from sloth_tui.tui.external.clipboard import Clipboard

    try:
        clipboard = Clipboard(view.app, _view_of(view).services.settings.copy_command)
        note = await clipboard.put(text)
    except SlothError as error:
        _show_error(view, error)
        return
    told = f"copied {what}" + (f" · {note}" if note else "")
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
    return next(each for each in widget.ancestors_with_self if isinstance(each, RunView))


def _show_error(view: Widget, error: SlothError) -> None:
    text = error.message if error.hint is None else f"{error.message}\n{error.hint}"
    view.app.notify(display_text(text, 600, lines=True), severity="error", markup=False)
