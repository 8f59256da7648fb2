"""Draw tables with rich, but with our own widths and cuts: rich does not show how much it cuts."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len, split_graphemes
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sloth_tui.cells import align_output
from sloth_tui.cli.output.columns import Beginning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sloth_tui.cli.output.columns import Column

_GAP_CELLS = 2
"""Blanks between two columns; the last of them is the divider of the box."""
_MIN_ELASTIC_CELLS = 16
"""Cells that an elastic column keeps while other columns can be left out."""


def draw_block(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, *, heading: bool) -> str:
    """Return the rows as text with terminal codes for colours. Cells must hold no control characters."""
    wanted = [
        max(len(column.title), max((cell_len(row[index]) for row in rows), default=0))
        for index, column in enumerate(columns)
    ]
    widths = fit(wanted, [column.elastic for column in columns], width)
    table = Table(
        box=box.SIMPLE_HEAD,
        show_header=heading,
        show_edge=False,
        pad_edge=False,
        padding=(0, _GAP_CELLS - 1, 0, 0),
    )
    shown = [index for index, cells in enumerate(widths) if cells]
    for index in shown:
        column = columns[index]
        table.add_column(
            Text(column.title),
            width=widths[index],
            no_wrap=True,
            justify="right" if column.right else "left",
            header_style="bold",
            style="" if column.elastic else "dim",
        )
    for row in rows:
        table.add_row(*(Text(cut(row[index], widths[index])) for index in shown))
    return _rendered(table, width)


def fit(wanted: Sequence[int], elastic: Sequence[bool], width: int) -> list[int]:
    """Return widths that fit into ``width`` cells with their gaps; 0 for a column that is left out."""
    widths = list(wanted)
    rigid = [index for index, gives_way in enumerate(elastic) if not gives_way]
    bending = [index for index, gives_way in enumerate(elastic) if gives_way]

    def room() -> int:
        gaps = _GAP_CELLS * (sum(1 for cells in widths if cells) - 1)
        return width - gaps - sum(widths[index] for index in rigid)

    needed = sum(min(wanted[index], _MIN_ELASTIC_CELLS) for index in bending)
    while rigid and room() < needed:
        widths[rigid.pop()] = 0
    left = max(room(), len(bending))
    for place, index in enumerate(bending):
        # The first one names the row, so it may have the larger share.
        later = [wanted[other] for other in bending[place + 1 :]]
        share = min(max(left - sum(later), left * 3 // 5), left - len(later)) if later else left
        widths[index] = max(1, min(wanted[index], share))
        left -= widths[index]
    return widths


def cut(text: str, width: int) -> str:
    """Return ``text`` in at most ``width`` cells: ``begins like this… +12 more chars`` if it does not fit."""
    more = text.more if isinstance(text, Beginning) else 0
    if not more and cell_len(text) <= width:
        return text
    for ending in ("… +{} more chars", "… +{}", "…"):
        room = width - cell_len(ending.format(len(text) + more))
        if room > 0 or ending == "…":
            break
    kept = cells = 0
    for _, end, wide in split_graphemes(text)[0]:
        cells += wide
        if cells > room:
            break
        kept = end
    return text[:kept] + ending.format(len(text) - kept + more)


def _rendered(table: Table, width: int) -> str:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, errors="backslashreplace", write_through=True)
    console = Console(file=file, force_terminal=True, width=width, highlight=False, legacy_windows=False)
    console.print(table)
    return align_output(raw.getvalue().decode(encoding), 0)
