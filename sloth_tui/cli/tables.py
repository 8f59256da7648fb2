"""Rows for people: a table drawn on a terminal, tab-separated lines when piped.

A cell is cut only where the terminal is too narrow for it, and then says how much is missing. Rows are
drawn in blocks, so that a million of them neither wait for the last one nor fill the memory.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sloth_tui.cli.columns import Column
    from sloth_tui.cli.output import Output

_BLOCK = 500
_GAP = 2


def write_rows(columns: Sequence[Column], rows: Iterable[Sequence[object]], out: Output) -> int:
    """Write all rows, each with a field per column; returns how many there were."""
    if out.terminal:
        return _draw(columns, rows, out)
    count = 0
    for row in rows:
        cells = (column.script(field) for column, field in zip(columns, row, strict=True))
        out.people("\t".join(cells) + "\n")
        count += 1
    return count


def write_fields(fields: Sequence[tuple[str, Column, object]], out: Output) -> None:
    """Write one record: a line per field, its name and what it is."""
    now = time.time()
    width = max(len(name) for name, _, _ in fields) + _GAP
    for name, column, field in fields:
        if out.terminal:
            out.people(f"{name:<{width}}{column.person(field, now)}\n")
        else:
            out.people(f"{name}\t{column.script(field)}\n")


def terminal_width() -> int:
    """Columns of the terminal stdout is; ``$COLUMNS`` wins where it is set."""
    set_by_hand = os.environ.get("COLUMNS", "")
    if set_by_hand.isdecimal() and int(set_by_hand) > 0:
        return int(set_by_hand)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except OSError:
        return 80


def _draw(columns: Sequence[Column], rows: Iterable[Sequence[object]], out: Output) -> int:
    from sloth_tui.cli.drawing import draw_block

    now = time.time()
    remaining = iter(rows)
    count = 0
    while block := list(islice(remaining, _BLOCK)):
        cells = [
            [column.person(field, now) for column, field in zip(columns, row, strict=True)] for row in block
        ]
        out.people(draw_block(columns, cells, terminal_width(), heading=count == 0))
        count += len(block)
    return count
