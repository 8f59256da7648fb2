"""Cut text to a width in cells, and keep columns aligned on terminals that draw some characters wider or
narrower than our own table says.

Terminals disagree on how many cells a character takes: emoji with a style selector, joined or coloured emoji,
flags, combining marks, private use characters and recent additions to Unicode. So the text after such a
character is not placed where the terminal believes the character ended: its cells are cleared first, and the
cursor is set to where the character ends by our own table.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size, split_graphemes

from sloth_tui.text import display_text

_AGREED = (
    "\x00-\xac\xae-\u02ff"  # Latin; the codes of the terminal too
    "\u0370-\u0482\u048a-\u052f"  # Greek, Cyrillic
    "\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"  # punctuation, currencies
    "\u2190-\u21ff\u2200-\u2311"  # arrows, mathematics
    "\u2500-\u25fc"  # boxes, blocks, shapes
    "\u2713\u2717\u2718\u2800-\u28ff"  # marks, Braille
    "\u2400-\u2426"  # pictures of control characters
    "\u3041-\u3096\u30a0-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff5e"  # East Asia
)
"""Ranges of characters whose width all terminals agree on."""
_DOUBTFUL = re.compile(f"[^{_AGREED}]")
# Includes the character before, because marks and selectors belong to it.
_CLUSTER = re.compile(f"[^\x00-\x1f]?[^{_AGREED}]+")
_CODE = re.compile(
    r"\x1b\[(?P<parameters>[0-9;:?<=>]*)[ -/]*(?P<final>[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.|[\r\n]"
)
_WRAP_OFF, _WRAP_ON = "\x1b[?7l", "\x1b[?7h"
"""Codes that switch wrapping at the edge off and on."""
_CURSOR_MOVES = frozenset("ABCDEFGHfdsu`ae")
"""Final characters of codes that move the cursor. Only those that give a column are followed."""

_TAB_CELLS = 8


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return harmless ``text`` in exactly ``width`` cells; ``…`` marks a cut. ``right``: align it there."""
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    space = " " * (width - length)
    return space + text if right else text + space


def display_cells(data: str, width: int) -> str:
    """Return as much of ``data`` as can fill ``width`` cells, made harmless."""
    return display_text(data, 4 * width + 4)


def fit_data(data: str, width: int, *, right: bool = False) -> str:
    """Return ``data`` as :func:`fit` does, made harmless."""
    return fit(display_cells(data, width), width, right=right)


def expand_tabs(line: str, column: int = 0) -> str:
    """Return ``line``, which begins at ``column``, with each tab replaced by blanks up to the next multiple
    of 8 cells."""
    if "\t" not in line:
        return line
    parts = []
    *tabbed, last = line.split("\t")
    for part in tabbed:
        column += cell_len(part)
        blanks = _TAB_CELLS - column % _TAB_CELLS
        parts += [part, " " * blanks]
        column += blanks
    return "".join([*parts, last])


def align_output(output: str, column: int | None = None) -> str:
    """Return ``output`` (text and terminal codes) so that each character lands where our own width table puts
    it.

    ``column`` is the cursor's column, from 0; None if it is unknown, until a code sets it. If the column is
    given, a line feed begins a new line.
    """
    if output.isascii() or not _DOUBTFUL.search(output):
        return output
    parts: list[str] = []
    new_line = column is not None
    at = 0
    for code in _CODE.finditer(output):
        column = _place(parts, output[at : code.start()], column)
        parts.append(code.group())
        column = _after(code, column, new_line=new_line)
        at = code.end()
    _place(parts, output[at:], column)
    return "".join(parts)


def _after(code: re.Match[str], column: int | None, *, new_line: bool) -> int | None:
    """Return the cursor's column after a code; None if it is unknown."""
    if code.group() == "\r" or (new_line and code.group() == "\n"):
        return 0
    final = code["final"]
    if final is None or final not in _CURSOR_MOVES:
        return column
    if final in "Hf":
        _, _, across = code["parameters"].partition(";")
        return max(int(across or 1), 1) - 1 if not across or across.isdecimal() else None
    return None


def _place(parts: list[str], text: str, column: int | None) -> int | None:
    """Append ``text``, which begins at ``column``, to ``parts``; return the column where it ends."""
    if column is None or text.isascii():
        parts.append(text)
        return None if column is None else column + len(text)
    at = 0
    for cluster in _CLUSTER.finditer(text):
        before = text[at : cluster.start()]
        parts.append(before)
        column += cell_len(before)
        graphemes, cells = split_graphemes(cluster.group())
        parts.append(" " * cells)
        # Otherwise a terminal that finds it too wide for the rest of this row would continue in the next one.
        parts.append(_WRAP_OFF)
        for start, end, own in graphemes:
            parts.append(f"\x1b[{column + 1}G{cluster.group()[start:end]}")
            column += own
        parts.append(f"{_WRAP_ON}\x1b[{column + 1}G")
        at = cluster.end()
    parts.append(text[at:])
    return column + cell_len(text[at:])
