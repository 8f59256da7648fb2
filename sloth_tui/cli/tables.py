"""Rows for people: a table drawn on a terminal, tab-separated lines when piped.

A cell is cut only where the terminal is too narrow for it, and then says how much is missing. Rows are
drawn in blocks, so that a million of them neither wait for the last one nor fill the memory.
"""

from __future__ import annotations

import os
import sys
import time
from itertools import islice

from sloth_tui.cli.render import bare, timestamp
from sloth_tui.text import display_text, format_age, format_duration, format_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from sloth_tui.cli.output import Output

_BLOCK = 500
_GAP = 2


class Column:
    """How one field of the rows is shown: ``person`` on a terminal (given the time now), ``script`` piped.

    Both return text that is harmless and stays on its line. An ``elastic`` column gives way when the
    terminal is narrow; of the others the last ones are left out first.
    """

    __slots__ = ("elastic", "person", "right", "script", "title")

    def __init__(
        self,
        title: str,
        script: Callable[[Any], str],
        person: Callable[[Any, float], str] | None = None,
        *,
        elastic: bool = False,
        right: bool = False,
    ) -> None:
        self.title = title
        self.script = script
        self.person = person or (lambda value, _now: script(value))
        self.elastic = elastic
        self.right = right


def text(title: str) -> Column:
    return Column(title, display_text, elastic=True)


def word(title: str) -> Column:
    return Column(title, display_text)


def value(title: str) -> Column:
    return Column(title, lambda held: display_text(bare(held)), elastic=True)


def size(title: str) -> Column:
    return Column(title, str, lambda count, _now: format_size(count), right=True)


def number(title: str) -> Column:
    return Column(title, lambda held: "" if held is None else str(held), right=True)


def moment(title: str) -> Column:
    return Column(title, lambda at: timestamp(at) or "", format_age)


def span(title: str) -> Column:
    """Seconds; None where there was no time to take."""
    return Column(
        title,
        lambda seconds: "" if seconds is None else f"{seconds:.3f}",
        lambda seconds, _now: "" if seconds is None else format_duration(seconds),
        right=True,
    )


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
