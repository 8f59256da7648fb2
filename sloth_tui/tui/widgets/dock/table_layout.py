"""Lay out the columns of a list in the dock: which are shown, and how wide each is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content

from sloth_tui.cells import fit_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_GAP = "  "


class TableColumn(NamedTuple):
    """A column. Widths are in cells."""

    title: str
    width: int
    min_width: int | None = None
    """What it may shrink to; None: it keeps its width or is left out."""
    required: bool = False
    """True if it is shown even if it does not fit."""
    right: bool = False
    """Aligned to the right."""


class TableLayout:
    """The widths of columns beside each other; those that do not fit are left out."""

    def __init__(self, columns: Mapping[str, TableColumn], by_importance: Sequence[str], room: int) -> None:
        """``columns``: by name, from left to right. ``by_importance`` has the same names: the most important
        get their cells of the ``room`` first."""
        self._columns = columns
        self._widths = dict.fromkeys(columns, 0)
        left = room + len(_GAP)
        for name in by_importance:
            column = columns[name]
            narrowest = column.width if column.min_width is None else min(column.min_width, column.width)
            width = min(column.width, max(left - len(_GAP), narrowest))
            if column.required or width + len(_GAP) <= left:
                self._widths[name] = width
                left = max(left - width - len(_GAP), 0)
        self._spare = left

    def widen(self, name: str, limit: int | None = None) -> int:
        """Give a column what is left of the room, up to ``limit`` cells; return how many it got."""
        given = self._spare if limit is None else min(self._spare, limit)
        self._widths[name] += given
        self._spare -= given
        return given

    def heading(self) -> Content:
        """Return the titles of the columns shown."""
        titles = (
            column.title.rjust(width) if column.right else column.title.ljust(width)
            for (name, width), column in zip(self._widths.items(), self._columns.values(), strict=True)
            if width
        )
        return Content(_GAP.join(titles)).stylize("$quiet")

    def line(self, cells: Mapping[str, tuple[str, str]]) -> Content:
        """Return a line of (text, style) for each column, of which those that are not shown are ignored."""
        parts: list[str | tuple[str, str]] = []
        for name, width in self._widths.items():
            if width:
                text, style = cells[name]
                parts += [
                    _GAP,
                    (fit_data(text, width, right=self._columns[name].right), style),
                ]
        return Content.assemble(*parts[1:])
