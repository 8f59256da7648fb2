"""Write rows for people: a table on a terminal, tab-separated lines when piped.

A cell is cut only if the terminal is too narrow, and then shows how much is missing. Rows are drawn in
blocks, so that a million of them neither wait for the last one nor fill the memory.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import islice

from sloth_tui.cli.output.columns import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.cli.output.columns import Column
    from sloth_tui.cli.output.stdout import Output

_BLOCK_ROWS = 500
_GAP_CELLS = 2
_MAX_WAITING_CHARACTERS = 4096
"""Characters of a piece up to which it waits for the rest of its line."""
_NAME = word("")


def write_rows(columns: Sequence[Column], rows: Iterable[Sequence[object]], out: Output) -> int:
    """Write all rows, each with a field per column; return their number."""
    if out.terminal:
        return _draw(columns, rows, out)
    count = 0
    for row in rows:
        _write_line(zip(columns, row, strict=True), out)
        count += 1
    return count


def _write_line(cells: Iterable[tuple[Column, object]], out: Output) -> None:
    """Write one tab-separated line, with no more than one piece in memory at a time."""
    separator = ""
    waiting = []
    for column, field in cells:
        waiting.append(separator)
        separator = "\t"
        for piece in column.pieces(field):
            waiting.append(piece)
            if len(piece) > _MAX_WAITING_CHARACTERS:
                out.people("".join(waiting))
                waiting.clear()
    out.people("".join(waiting) + "\n")


def write_fields(fields: Sequence[tuple[str, Column, object]], out: Output) -> None:
    """Write one record: for each field a line with its name and value."""
    now = time.time()
    width = max(len(name) for name, _, _ in fields) + _GAP_CELLS
    for name, column, field in fields:
        if out.terminal:
            out.people(f"{name:<{width}}{column.person(field, now)}\n")
        else:
            _write_line([(_NAME, name), (column, field)], out)


def terminal_width() -> int:
    """Return the width of the terminal on stdout in cells; ``$COLUMNS`` takes precedence."""
    set_by_hand = os.environ.get("COLUMNS", "")
    if set_by_hand.isdecimal() and int(set_by_hand) > 0:
        return int(set_by_hand)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def _draw(columns: Sequence[Column], rows: Iterable[Sequence[object]], out: Output) -> int:
    from sloth_tui.cli.output.drawing import draw_block

    now = time.time()
    remaining = iter(rows)
    count = 0
    while block := list(islice(remaining, _BLOCK_ROWS)):
        cells = [
            [column.person(field, now) for column, field in zip(columns, row, strict=True)] for row in block
        ]
        out.people(draw_block(columns, cells, terminal_width(), heading=count == 0))
        count += len(block)
    return count
