"""Search the lines that are shown, a part at a time, so that keys are heard meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sloth_tui.tui.run_screen.output.finding import TooSlow
from sloth_tui.tui.run_screen.output.painted import shown_text

if TYPE_CHECKING:
    from textual.widget import Widget

    from sloth_tui.tui.run_screen.output.lines_view import LinesView

_AT_ONCE = 500
"""Lines that are looked at between two keys."""


async def search(lines: LinesView, by: int, *, here: bool) -> None:
    """Go to the next line with what is marked, from the cursor down (``by`` 1) or up (-1), and from the other
    end on; say so if there is none. ``here``: the cursor's own line counts first."""
    try:
        place = await _find(lines, by, here=here)
    except TooSlow:
        lines.mark(None)
        say_too_slow(lines)
        return
    if place is None:
        lines.app.notify("not found", markup=False)
    else:
        lines.paging.go_to_place(place)
        lines.redraw()


def say_too_slow(view: Widget) -> None:
    """Say that an expression was given up."""
    text = "this regular expression takes too long, and was given up"
    view.app.notify(text, severity="warning", markup=False)


async def _find(lines: LinesView, by: int, *, here: bool) -> int | None:
    wanted, paging = lines.cache.marked, lines.paging
    if wanted is None:
        return None
    count = paging.selection.count
    first = paging.place + (0 if here else by)
    places = [place % count for place in range(first, first + by * count, by)] if count else []
    for start in range(0, len(places), _AT_ONCE):
        with wanted.limit():
            for place in places[start : start + _AT_ONCE]:
                line = lines.line_at(place)
                if line is not None and wanted.finds(shown_text(line)):
                    return place
        await asyncio.sleep(0)
    return None
