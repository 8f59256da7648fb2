"""Keeps what stands in a row in its place, on terminals that find a character wider or narrower than we do.

How many cells a character takes is told by tables that differ between terminals: for emoji with a selector
of style, joined or coloured ones, flags, combining marks, private use, and whatever a newer Unicode added.
So nothing behind such characters is left to stand where the terminal believes they ended: their cells are
emptied first, and the cursor is set to where they end by our own table.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, split_graphemes

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
"""Ranges of characters that all terminals give as many cells as we do."""
_DOUBTFUL = re.compile(f"[^{_AGREED}]")
# With the character before, which marks and selectors belong to.
_CLUSTER = re.compile(f"[^\x00-\x1f]?[^{_AGREED}]+")
_CODE = re.compile(
    r"\x1b\[(?P<parameters>[0-9;:?<=>]*)[ -/]*(?P<final>[@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.|[\r\n]"
)
_STAY, _GO_ON = "\x1b[?7l", "\x1b[?7h"
"""Codes that end and begin wrapping at the edge."""
_MOVING = frozenset("ABCDEFGHfdsu`ae")
"""Ends of codes that move the cursor; of these only those are followed that say where to."""


_TAB = 8


def expand_tabs(line: str) -> str:
    """``line`` with blanks up to the next column of 8 cells in place of each tab."""
    parts, column = [], 0
    *tabbed, last = line.split("\t")
    for part in tabbed:
        column += cell_len(part)
        blanks = _TAB - column % _TAB
        parts += [part, " " * blanks]
        column += blanks
    return "".join([*parts, last])


def steadied(output: str, column: int | None = None) -> str:
    """``output`` to a terminal, text and codes, so that all in a row stands where our own table of widths
    puts it.

    ``column``: where the cursor is, from 0; None where that is not known, and then it is as soon as a code
    says. A line feed is taken to begin a new line where the column is given.
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
    """Where the cursor is after a code."""
    if code.group() == "\r" or (new_line and code.group() == "\n"):
        return 0
    final = code["final"]
    if final is None or final not in _MOVING:
        return column
    if final in "Hf":
        _, _, across = code["parameters"].partition(";")
        return max(int(across or 1), 1) - 1 if not across or across.isdecimal() else None
    return None


def _place(parts: list[str], text: str, column: int | None) -> int | None:
    """Append ``text``, which stands at ``column``; returns where it ends."""
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
        # Not to be continued in the next row, where the terminal finds it too wide for what is left of this.
        parts.append(_STAY)
        for start, end, own in graphemes:
            parts.append(f"\x1b[{column + 1}G{cluster.group()[start:end]}")
            column += own
        parts.append(f"{_GO_ON}\x1b[{column + 1}G")
        at = cluster.end()
    parts.append(text[at:])
    return column + cell_len(text[at:])
