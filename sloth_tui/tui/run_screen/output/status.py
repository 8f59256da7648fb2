"""What is shown of the output, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from sloth_tui.text import display_text, format_count, format_size
from sloth_tui.tui.actions import key_of

if TYPE_CHECKING:
    from sloth_tui.tui.run_screen.output.lines_view import LinesView
    from sloth_tui.tui.run_screen.output.selection import Scope
    from sloth_tui.tui.services.run_output.buffer import OutputBuffer

_DATA_CHARACTERS = 30


def describe_state(lines: LinesView, scope: Scope, width: int) -> Content:
    """Return what is shown at the left, and whether it follows at the right, if there is room."""
    selection, paging = lines.paging.selection, lines.paging
    kept = lines.buffer.end - lines.buffer.first
    parts = []
    if scope.task is not None:
        host = "" if scope.host is None else f" on {display_text(scope.host, _DATA_CHARACTERS)}"
        parts.append(f"task {display_text(scope.task, _DATA_CHARACTERS)}{host}")
    if scope.wanted is not None:
        how = "without" if scope.wanted.inverse else "with"
        parts.append(f"{how} '{display_text(scope.wanted.text, _DATA_CHARACTERS)}'")
    shown = f"{selection.count:,} of {format_count(kept, 'line')}" if parts else format_count(kept, "line")
    left = Content.assemble((" · ".join([shown, *parts]), "$warning" if parts else "$quiet"))
    if paging.follows:
        right = Content.assemble(("following", "$success"))
    else:
        place = f"{paging.place + 1:,}" if selection.count else "0"
        right = Content.assemble(
            ("paused", "$warning"), (f" at {place} · {key_of('follow_output')} follows", "$quiet")
        )
    gap = width - left.cell_length - right.cell_length
    if gap < 1:
        short = Content.assemble(("following", "$success") if paging.follows else ("paused", "$warning"))
        return Content("  ").join((short, left))
    return Content.assemble(left, " " * gap, right)


def describe_changes(count: int, width: int) -> Content:
    """Return how many changes are shown, and what keys do with them, if there is room."""
    left = format_count(count, "key or resource", "keys and resources")
    right = f"enter goes to the key, {key_of('show_changes')} back to the output"
    gap = width - len(left) - len(right)
    return Content(left + " " * gap + right if gap > 1 else left)


def describe_earlier(buffer: OutputBuffer, width: int) -> Content | None:
    """Return how much of the output is only in the file, and how to see it; without a file, how much is gone.
    None if all of it is shown."""
    if not buffer.first and not buffer.left_out:
        return None
    if not buffer.in_file:
        return Content(f"… {format_count(buffer.first, 'earlier line')} not kept")
    parts = [format_count(buffer.first, "earlier line")] if buffer.first else []
    parts += [format_size(buffer.left_out)] if buffer.left_out else []
    are = "is" if buffer.first + bool(buffer.left_out) == 1 else "are"
    words = f"… {' and '.join(parts)} {are} in the file: {key_of('page_output')} shows all"
    if buffer.started is not None:
        longer = f"{words}, and so does sloth-runner runs output {display_text(buffer.started.run, 40)}"
        words = longer if len(longer) <= width else words
    return Content(words)
