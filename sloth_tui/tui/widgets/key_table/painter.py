"""Draw the rows of the key table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from sloth_tui.model import Query
from sloth_tui.text import display_text
from sloth_tui.tui.widgets.key_table.columns import Column, Spans, arrange, spans_of
from sloth_tui.tui.widgets.key_table.key_row import GONE, SIGN, Look, draw_header, draw_note, draw_row
from sloth_tui.tui.widgets.key_table.row_cache import spot_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sloth_tui.model import Row
    from sloth_tui.tui.widgets.key_table.marks import Marks, Touched
    from sloth_tui.tui.widgets.key_table.row_cache import RowCache
    from sloth_tui.tui.widgets.key_table.row_view import RowView

FLASH_SECONDS = 0.8
"""How long a row that changed is highlighted."""
AGE_REFRESH_SECONDS = 5.0
"""Between two redraws of ages."""
_COUNTDOWN_SECONDS = 1.0
"""Between two redraws of times to live."""
NO_SPANS = Spans("", "")
_KEY_MEASURE_LIMIT = 200
"""Characters of a key that count for the width of the key column."""

STYLES = (
    "header",
    "cursor",
    "cursor-blurred",
    "flash",
    "marked",
    "sign",
    "match",
    "quiet",
    "number",
    "table",
)
_WHOLE_STYLES = ("cursor", "cursor-blurred", "flash", "marked")
"""Styles with a background of their own; the others are laid over one."""


class Painter:
    """Draws the rows of a view. Nothing is fetched while a line is drawn."""

    def __init__(self, view: RowView, rows: RowCache, marks: Marks, is_secret: Callable[[str], bool]) -> None:
        """``is_secret`` returns True if the value of a key is masked."""
        self._view = view
        self._rows = rows
        self._marks = marks
        self._touched: Touched | None = None
        self._is_secret = is_secret
        self.answered = Query()
        """The query that the rows answer: its matches are highlighted, and the heading shows its order."""
        self.columns: tuple[Column, ...] = ()
        self._strips: LRUCache[tuple[Row, Look], Strip] = LRUCache(512)
        self._longest_key = self._newest_revision = 0
        self._timed = False
        """True once a row with a time to live was loaded."""
        self._spans: dict[int, Spans] = {}
        self._flashing: dict[str, float] = {}
        self._ground = Style.null()
        """The widget's own style: finding it takes longer than drawing a line."""

    def forget_drawn(self) -> None:
        """Drop all drawn lines: styles have changed."""
        self._strips.clear()

    def measure(self, rows: Iterable[Row | None]) -> None:
        """Let the columns grow with these rows; they never shrink."""
        for row in rows:
            if row is not None:
                self._newest_revision = max(self._newest_revision, row.revision or 0)
                if row.expires_at is not None and not self._timed:
                    self._timed = True
                    self._view.set_interval(_COUNTDOWN_SECONDS, self.refresh_ages)
                if len(row.key) + SIGN * row.depth + SIGN > self._longest_key:
                    self._longest_key = max(self._longest_key, _cells(row))
        self.lay_out()

    def flash(self, spots: Iterable[str]) -> None:
        """Highlight these rows for a moment."""
        until = time.monotonic() + FLASH_SECONDS
        flashing = dict.fromkeys(spots, until)
        if flashing:
            self._flashing |= flashing
            self._refresh_spots(flashing)
            self._view.set_timer(FLASH_SECONDS, self._end_flashes)

    def touch(self, touched: Touched | None) -> None:
        """Show these keys as changed by a run; they may become more while they are shown."""
        self._touched = touched
        self._view.refresh()

    def begin(self) -> None:
        """Prepare to draw lines."""
        # The first picture is drawn before the resize event.
        self.columns = self._columns()
        self._ground = self._view.rich_style

    def line(self, y: int) -> Strip:
        """Return line ``y`` of the widget; 0 is the heading."""
        width = self._view.scrollable_content_region.width
        if y == 0:
            return draw_header(self.columns, width, self.answered, self._style)
        number = self._view.top + y - 1
        if number >= self._view.count:
            return Strip.blank(width, self._view.rich_style)
        row = self._rows.get(number)
        look = self._look(number, row, width)
        if row is None:
            return draw_note(GONE if number in self._rows else "", look, self._style)
        strip = self._strips.get((row, look))
        if strip is None:
            strip = self._strips[row, look] = draw_row(row, look, self._style)
        return strip

    def _look(self, number: int, row: Row | None, width: int) -> Look:
        spans = NO_SPANS if row is None else spans_of(row, time.time())
        self._spans[number] = spans
        return Look(
            columns=self.columns,
            width=width,
            query=self.answered,
            cursor=number == self._view.cursor,
            focus=self._view.has_focus,
            flash=row is not None and spot_of(row) in self._flashing,
            marked=row is not None and row.keys is None and row.key in self._marks,
            touched=row is not None and self._touched is not None and self._touched.holds(row),
            masked=row is not None and self._is_secret(row.key),
            spans=spans,
        )

    def lay_out(self) -> None:
        """Fit the columns to the current width."""
        columns = self._columns()
        if columns != self.columns:
            self.columns = columns
            self._view.refresh()

    def _columns(self) -> tuple[Column, ...]:
        width = self._view.scrollable_content_region.width
        return arrange(width, self._longest_key, self._newest_revision, timed=self._timed)

    def _end_flashes(self) -> None:
        now = time.monotonic()
        ended = {spot for spot, until in self._flashing.items() if until <= now}
        for spot in ended:
            del self._flashing[spot]
        self._refresh_spots(ended)

    def _refresh_spots(self, spots: Iterable[str]) -> None:
        numbers = self._rows.numbers()
        self._view.refresh_lines_at(*(numbers[spot] for spot in spots if spot in numbers))

    def refresh_ages(self) -> None:
        """Redraw the lines whose ages, or times to live, look different now."""
        now = time.time()
        shown = range(self._view.top, self._view.top + self._view.lines_on_screen)
        spans = self._spans
        self._spans = {number: drawn for number, drawn in spans.items() if number in shown}
        rows = ((number, self._rows.get(number)) for number in shown)
        self._view.refresh_lines_at(
            *(number for number, row in rows if row and spans.get(number) != spans_of(row, now))
        )

    def _style(self, name: str) -> Style:
        if name == "row":
            return self._ground
        return self._view.get_component_rich_style(f"key-table--{name}", partial=name not in _WHOLE_STYLES)


def _cells(row: Row) -> int:
    """Return the cells that a key, or its part shown in the tree, needs."""
    label = cell_len(display_text(row.key[row.stem :], _KEY_MEASURE_LIMIT))
    return label if not row.depth and row.keys is None else label + SIGN * row.depth + SIGN
