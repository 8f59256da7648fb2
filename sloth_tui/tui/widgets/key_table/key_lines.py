"""How the rows of the key table look: everything but where they come from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip

from sloth_tui.model import Query
from sloth_tui.text import display_text, format_age
from sloth_tui.tui.widgets.key_table.columns import Column, arrange
from sloth_tui.tui.widgets.key_table.key_row import GONE, SIGN, Look, draw_header, draw_note, draw_row
from sloth_tui.tui.widgets.key_table.marks import Marks
from sloth_tui.tui.widgets.key_table.row_cache import RowCache, spot_of
from sloth_tui.tui.widgets.key_table.row_view import RowView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from textual.events import Resize
    from textual.geometry import Region

    from sloth_tui.model import Row

FLASH = 0.8
"""Seconds a row that somebody changed stands out."""
_AGES = 5.0
"""Seconds between two looks whether ages read differently."""
_LONGEST = 200
"""Characters of a key that are looked at to decide how wide the column of keys should be."""

_STYLES = (
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
"""Styles with a ground of their own; the others are laid over one."""


class KeyLines(RowView):
    """Draws the rows of a :class:`RowCache`. Nothing is fetched while a line is drawn."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"key-table--{name}" for name in _STYLES}
    DEFAULT_CSS = """
    KeyLines {
        background: $background;
        color: $foreground;
        & > .key-table--header { color: $text-muted; text-style: bold; }
        & > .key-table--cursor {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .key-table--cursor-blurred {
            background: $block-cursor-blurred-background;
            color: $block-cursor-blurred-foreground;
            text-style: $block-cursor-blurred-text-style;
        }
        & > .key-table--flash { background: $accent 25%; color: $foreground; }
        & > .key-table--marked { background: $primary 15%; color: $foreground; }
        & > .key-table--sign { color: $primary; }
        & > .key-table--match { color: $accent; text-style: bold underline; }
        & > .key-table--quiet { color: $text-muted; }
        & > .key-table--number { color: $accent; }
        & > .key-table--table { color: $secondary; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # theirs
        super().__init__(id=id, classes=classes)
        self.is_secret: Callable[[str], bool] = lambda key: False
        """Whether the value of a key is masked."""
        self.rows = RowCache()
        self.marks = Marks()
        self.answered = Query()
        """What the rows are the answer to: its texts stand out in them, its order in the heading."""
        self.columns: tuple[Column, ...] = ()
        self._strips: LRUCache[tuple[Row, Look], Strip] = LRUCache(512)
        self._longest_key = self._newest_revision = 0
        self._ages: dict[int, str] = {}
        self._flashing: dict[str, float] = {}
        self._ground = Style.null()
        """The widget's own style, which takes longer to find than a line to draw."""

    def on_mount(self) -> None:
        self.set_interval(_AGES, self._refresh_ages)

    def on_focus(self) -> None:
        self.refresh_lines_at(self.cursor)

    def on_blur(self) -> None:
        self.refresh_lines_at(self.cursor)

    def on_resize(self, event: Resize) -> None:
        self._lay_out()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def measure(self, rows: Iterable[Row | None]) -> None:
        """Let the columns grow with what is in these rows; they do not shrink again."""
        for row in rows:
            if row is not None:
                self._newest_revision = max(self._newest_revision, row.revision or 0)
                if len(row.key) + SIGN * row.depth + SIGN > self._longest_key:
                    self._longest_key = max(self._longest_key, _cells(row))
        self._lay_out()

    def flash(self, spots: Iterable[str]) -> None:
        """Let these rows stand out for a moment."""
        until = time.monotonic() + FLASH
        flashing = dict.fromkeys(spots, until)
        if flashing:
            self._flashing |= flashing
            self._refresh_spots(flashing)
            self.set_timer(FLASH, self._end_flashes)

    def render_lines(self, crop: Region) -> list[Strip]:
        # The first picture is drawn before anybody is told of the size.
        self.columns = self._columns()
        self._ground = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if y == 0:
            return draw_header(self.columns, width, self.answered, self._style)
        number = self.top + y - 1
        if number >= self.count:
            return Strip.blank(width, self.rich_style)
        row = self.rows.get(number)
        look = self._look(number, row, width)
        if row is None:
            return draw_note(GONE if number in self.rows else "", look, self._style)
        strip = self._strips.get((row, look))
        if strip is None:
            strip = self._strips[row, look] = draw_row(row, look, self._style)
        return strip

    def _look(self, number: int, row: Row | None, width: int) -> Look:
        age = "" if row is None else format_age(row.updated_at, time.time())
        self._ages[number] = age
        return Look(
            columns=self.columns,
            width=width,
            query=self.answered,
            cursor=number == self.cursor,
            focus=self.has_focus,
            flash=row is not None and spot_of(row) in self._flashing,
            marked=row is not None and row.keys is None and row.key in self.marks,
            masked=row is not None and self.is_secret(row.key),
            age=age,
        )

    def _lay_out(self) -> None:
        columns = self._columns()
        if columns != self.columns:
            self.columns = columns
            self.refresh()

    def _columns(self) -> tuple[Column, ...]:
        width = self.scrollable_content_region.width
        return arrange(width, self._longest_key, self._newest_revision)

    def _end_flashes(self) -> None:
        now = time.monotonic()
        ended = {spot for spot, until in self._flashing.items() if until <= now}
        for spot in ended:
            del self._flashing[spot]
        self._refresh_spots(ended)

    def _refresh_spots(self, spots: Iterable[str]) -> None:
        numbers = self.rows.numbers()
        self.refresh_lines_at(*(numbers[spot] for spot in spots if spot in numbers))

    def _refresh_ages(self) -> None:
        now = time.time()
        shown = range(self.top, self.top + self.lines_on_screen)
        ages = self._ages
        self._ages = {number: age for number, age in ages.items() if number in shown}
        rows = ((number, self.rows.get(number)) for number in shown)
        self.refresh_lines_at(
            *(number for number, row in rows if row and ages.get(number) != format_age(row.updated_at, now))
        )

    def _style(self, name: str) -> Style:
        if name == "row":
            return self._ground
        return self.get_component_rich_style(f"key-table--{name}", partial=name not in _WHOLE_STYLES)


def _cells(row: Row) -> int:
    """How wide a key, or what the tree shows of it, wants to be."""
    label = cell_len(display_text(row.key[row.stem :], _LONGEST))
    return label if not row.depth and row.keys is None else label + SIGN * row.depth + SIGN
