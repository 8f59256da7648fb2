"""Colours of commands: select graphic rendition (SGR), and nothing else of what terminals obey.

Text of a task may hold any escape sequence. Those of SGR become styles of the text behind them, on their own
line only. All others that are whole (cursor movement, titles, clipboard, links, modes) are dropped; what
stands within a link stays. What is unfinished or malformed is shown as text, with a picture for each control
character, so that nothing hides behind it.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from rich.cells import cell_len

from sloth_tui.cells import expand_tabs
from sloth_tui.text import output_line
from sloth_tui.tui.services.run_output.escapes import ESCAPE, without_escapes

Colour: TypeAlias = int | tuple[int, int, int]
"""One of the 256 colours of terminals, of which 16 are the theme's; or red, green and blue, 0 to 255."""

BOLD, DIM, ITALIC, UNDERLINE, REVERSE, STRIKE = 1, 2, 4, 8, 16, 32
_ON = {1: BOLD, 2: DIM, 3: ITALIC, 4: UNDERLINE, 7: REVERSE, 9: STRIKE, 21: UNDERLINE}
_OFF = {22: BOLD | DIM, 23: ITALIC, 24: UNDERLINE, 27: REVERSE, 29: STRIKE}
_FOREGROUND, _BACKGROUND, _UNDERLINE = 38, 48, 58
"""The codes that a colour of its own follows."""

_MAX_CODES = 4096
"""Codes of one line that are obeyed; what the line asks beyond changes no style."""
_MAX_CODES_OF_ONE = 64
_MAX_DIGITS = 5


class Rendition(NamedTuple):
    """How a terminal would draw text. ``flags`` is a sum of BOLD, DIM and so on."""

    foreground: Colour | None = None
    background: Colour | None = None
    flags: int = 0


PLAIN = Rendition()


class Span(NamedTuple):
    """Characters that are drawn alike."""

    start: int
    end: int
    rendition: Rendition


class Rendered(NamedTuple):
    """A line without control characters, and the spans of it that are not plain, in order."""

    text: str
    spans: list[Span]
    complete: bool = True
    """False if the text ends before the line does."""


def strip(text: str) -> str:
    """Return a line of a task's output as it is drawn: harmless, without styles, with blanks for tabs."""
    return expand_tabs(output_line(without_escapes(text)))


def render(text: str, cells: int | None = None) -> Rendered:
    """Return a line of a task's output with its styles. ``cells``: as much as fills so many, if given."""
    parts: list[str] = []
    spans: list[Span] = []
    rendition, left, length, width, at = PLAIN, _MAX_CODES, 0, 0, 0
    for escape in ESCAPE.finditer(text):
        if escape.start() > at:
            part = _part(text[at : escape.start()], width, cells)
            parts.append(part)
            _add(spans, length, length + len(part), rendition)
            length += len(part)
            width += cell_len(part)
            if cells is not None and width >= cells:
                return Rendered("".join(parts), spans, complete=False)
        at = escape.end()
        codes = escape["codes"]
        if codes is not None and left > 0:
            found = codes[: _MAX_CODES_OF_ONE * _MAX_DIGITS].split(";")[:_MAX_CODES_OF_ONE]
            left -= len(found)
            rendition = _obey(found, rendition)
    part = _part(text[at:], width, cells)
    _add(spans, length, length + len(part), rendition)
    complete = cells is None or width + cell_len(part) < cells
    return Rendered("".join([*parts, part]), spans, complete)


def _part(text: str, column: int, cells: int | None) -> str:
    if cells is not None:
        # A character may take no cell; of those, more than a few for each cell are not looked at.
        text = text[: 4 * max(cells - column, 0) + 64]
    return expand_tabs(output_line(text), column)


def _add(spans: list[Span], start: int, end: int, rendition: Rendition) -> None:
    if start == end or rendition == PLAIN:
        return
    if spans and spans[-1].end == start and spans[-1].rendition == rendition:
        start = spans.pop().start
    spans.append(Span(start, end, rendition))


def _obey(codes: list[str], rendition: Rendition) -> Rendition:
    at = 0
    while at < len(codes):
        code, *more = codes[at].split(":")
        at += 1
        number = _number(code)
        if number in (_FOREGROUND, _BACKGROUND, _UNDERLINE):
            if more:
                colour = _colour(more[:1] + more[-3:] if len(more) > 4 else more)
            else:
                colour = _colour(codes[at : at + 4])
                at += {"5": 2, "2": 4}.get(codes[at] if at < len(codes) else "", 1)
            rendition = _coloured(rendition, number, colour)
        elif number == 4 and more and _number(more[0]) == 0:
            rendition = rendition._replace(flags=rendition.flags & ~UNDERLINE)
        else:
            rendition = _changed(rendition, number)
    return rendition


def _changed(rendition: Rendition, code: int) -> Rendition:
    foreground, background, flags = rendition
    if code == 0:
        return PLAIN
    if code in _ON:
        return Rendition(foreground, background, flags | _ON[code])
    if code in _OFF:
        return Rendition(foreground, background, flags & ~_OFF[code])
    if 30 <= code <= 37 or 90 <= code <= 97:
        return Rendition(code - 30 if code < 90 else code - 82, background, flags)
    if 40 <= code <= 47 or 100 <= code <= 107:
        return Rendition(foreground, code - 40 if code < 100 else code - 92, flags)
    if code == 39:
        return Rendition(None, background, flags)
    if code == 49:
        return Rendition(foreground, None, flags)
    return rendition


def _coloured(rendition: Rendition, code: int, colour: Colour | None) -> Rendition:
    if colour is None or code == _UNDERLINE:
        return rendition
    if code == _FOREGROUND:
        return rendition._replace(foreground=colour)
    return rendition._replace(background=colour)


def _colour(fields: list[str]) -> Colour | None:
    """Return the colour of ``5;N`` or ``2;R;G;B``; None if it is neither."""
    numbers = [_number(field) for field in fields]
    if any(not 0 <= number <= 255 for number in numbers[:4]):
        return None
    match numbers:
        case [5, number, *_]:
            return number
        case [2, red, green, blue, *_]:
            return red, green, blue
    return None


def _number(field: str) -> int:
    """Return the number; 0 for none, and -1 for what no code is."""
    if not field:
        return 0
    return int(field) if len(field) <= _MAX_DIGITS and field.isdecimal() else -1
