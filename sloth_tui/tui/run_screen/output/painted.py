"""A line of the output as it is drawn: its text, its styles, and where it wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.cells import expand_tabs
from sloth_tui.tui.run_screen.output import sgr
from sloth_tui.tui.widgets.line_view import folds

if TYPE_CHECKING:
    from sloth_tui.tui.services.run_output.lines import OutputLine

LONGEST = 64 * 1024
"""Characters of one line that are drawn; the file has the rest."""
FOUND = "found"
"""The role of what a search finds."""
_SHORT = 2048
"""A line of fewer characters is read to its end, even if not all of it can be seen."""


class PaintedLine(NamedTuple):
    """The text of a line, and the style of its parts: (start, end, role or rendition), in order, without
    overlap; the rest is plain."""

    text: str
    spans: list[tuple[int, int, str | sgr.Rendition]]
    complete: bool
    """False if the text goes on behind."""


def paint(line: OutputLine, cells: int | None = None) -> PaintedLine:
    """Return a line as it is drawn. ``cells``: as much as fills so many, if given."""
    spans: list[tuple[int, int, str | sgr.Rendition]] = []
    parts, length = [], 0
    for piece in line.pieces:
        text = expand_tabs(piece.text)
        spans.append((length, length + len(text), piece.role))
        parts.append(text)
        length += len(text)
    if not line.printed:
        return PaintedLine("".join(parts), spans, complete=True)
    if cells is not None:
        cells = None if len(line.text) < _SHORT else max(cells - length, 1)
    cut = len(line.text) > LONGEST
    rendered = sgr.render(line.text[:LONGEST], cells)
    spans += [(length + span.start, length + span.end, span.rendition) for span in rendered.spans]
    text = "".join([*parts, rendered.text])
    if cut and rendered.complete:
        more = " … the rest of this line is in the file"
        spans.append((len(text), len(text) + len(more), "quiet"))
        text += more
    return PaintedLine(text, spans, rendered.complete)


def mark(painted: PaintedLine, places: list[tuple[int, int]]) -> PaintedLine:
    """Return the line with these places (start, end) marked as found, over its styles."""
    if not places:
        return painted
    spans: list[tuple[int, int, str | sgr.Rendition]] = [(*place, FOUND) for place in places]
    at = 0
    for start, end, style in painted.spans:
        while at < len(places) and places[at][1] <= start:
            at += 1
        ahead = at
        while start < end and ahead < len(places) and places[ahead][0] < end:
            if places[ahead][0] > start:
                spans.append((start, places[ahead][0], style))
            start = places[ahead][1]  # noqa: PLW2901 - the rest of it
            ahead += 1
        if start < end:
            spans.append((start, end, style))
    return painted._replace(spans=sorted(spans, key=lambda span: span[0]))


def shown_text(line: OutputLine) -> str:
    """Return the text of :func:`paint`, without its styles."""
    told = expand_tabs("".join(piece.text for piece in line.pieces))
    return told + sgr.strip(line.text[:LONGEST]) if line.printed else told


def rows_of(text: str, width: int) -> list[tuple[int, int]]:
    """Return where a text wraps: (start, end) of each row, in characters."""
    return folds(text, max(width, 1))
