"""Which rows of which lines are on screen, and where the cursor is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.tui.run_screen.output.selection import Selection


class Row(NamedTuple):
    """A row of a line that wraps; rows compare in the order they are drawn."""

    number: int
    """The number of the line."""
    row: int


class Paging:
    """A page of a selection. It follows the end, until the cursor goes up; then new lines do not move it.

    Only the lines that are on screen, and those that a key goes over, are measured.
    """

    def __init__(self, selection: Selection, rows_of: Callable[[int], int]) -> None:
        """``rows_of`` returns the number of rows of a line, at least 1."""
        self._selection = selection
        self._rows_of = rows_of
        self.height = 1
        self.follows = True
        self.cursor = 0
        """The number of the cursor's line."""
        self._top = Row(0, 0)

    @property
    def selection(self) -> Selection:
        return self._selection

    def select(self, selection: Selection) -> None:
        """Show other lines, with the cursor where it is, or on the next line that is shown."""
        self._selection = selection

    @property
    def place(self) -> int:
        """The place of the cursor among the lines that are shown."""
        return self._selection.place_of(self.cursor)

    @property
    def top_place(self) -> int:
        """The place of the first line on screen."""
        return self._selection.place_of(self._top.number)

    def rows(self) -> list[Row]:
        """Return the rows on screen, from the top; fewer than the height if there are no more."""
        self._settle()
        return self._rows_from(self._top)

    def _settle(self) -> None:
        """Bring cursor and top to lines that are there."""
        selection = self._selection
        if not selection.count:
            return
        if self.follows:
            self.cursor = selection.number_at(selection.count - 1)
            self._top = self._last_top()
            return
        self.cursor = selection.number_at(selection.place_of(self.cursor))
        number = selection.number_at(selection.place_of(self._top.number))
        row = self._top.row if number == self._top.number else 0
        self._top = min(Row(number, min(row, self._rows_of(number) - 1)), self._last_top())

    def move(self, by: int) -> None:
        """Move the cursor by lines, or through a line that is higher than the screen by rows."""
        if not self._selection.count:
            return
        self._settle()
        if abs(by) == 1 and self._walk_within(by):
            return
        place = self.place
        self.go_to_place(place + by, follow=by > 0 and place + by >= self._selection.count)

    def page(self, by: int) -> None:
        """Move by pages."""
        if not self._selection.count:
            return
        self._settle()
        rows = by * max(self.height - 1, 1)
        last = self._last_top()
        if by > 0 and self._top >= last:
            self.end()
            return
        self._stay()
        self._top = min(self._stepped(self._top, rows), last)
        shown = self._rows_from(self._top)
        self.cursor = shown[0].number if by < 0 else shown[-1].number

    def scroll(self, rows: int) -> None:
        """Scroll by rows; the cursor stays on screen."""
        if not self._selection.count:
            return
        self._settle()
        last = self._last_top()
        if rows > 0 and self._top >= last:
            self.follows = True
            return
        self._stay()
        self._top = min(self._stepped(self._top, rows), last)
        shown = self._rows_from(self._top)
        self.cursor = max(min(self.cursor, shown[-1].number), shown[0].number)

    def home(self) -> None:
        """Go to the first line."""
        self.go_to_place(0)

    def end(self) -> None:
        """Go to the last line, and follow what comes."""
        self.follows = True

    def pause(self) -> None:
        """Stay here."""
        self._settle()
        self._stay()

    def go_to_place(self, place: int, *, follow: bool = False) -> None:
        """Put the cursor on the line at a place, or the nearest one, and bring it on screen."""
        count = self._selection.count
        if not count:
            return
        self._settle()
        if follow:
            self.follows = True
            return
        self._stay()
        self.cursor = self._selection.number_at(max(min(place, count - 1), 0))
        self._reveal()

    def put_top(self, place: int) -> None:
        """Put a line at the top of the screen."""
        if self._selection.count:
            self._settle()
            self._stay()
            place = max(min(place, self._selection.count - 1), 0)
            self._top = min(Row(self._selection.number_at(place), 0), self._last_top())
            shown = self._rows_from(self._top)
            self.cursor = max(min(self.cursor, shown[-1].number), shown[0].number)

    def _stay(self) -> None:
        self.follows = False

    def _walk_within(self, by: int) -> bool:
        """Scroll by a row if the cursor's line goes on there; return True if it did."""
        last = Row(self.cursor, self._rows_of(self.cursor) - 1)
        if last.row < self.height:
            return False
        shown = self._rows_from(self._top)
        goes_on = shown[-1] < last if by > 0 else self._top > Row(self.cursor, 0)
        if goes_on:
            self._stay()
            self._top = self._stepped(self._top, by)
        return goes_on

    def _reveal(self) -> None:
        first, last = Row(self.cursor, 0), Row(self.cursor, self._rows_of(self.cursor) - 1)
        if first < self._top:
            self._top = first if last.row < self.height else self._stepped(last, 1 - self.height)
        elif self._rows_from(self._top)[-1] < last:
            self._top = self._stepped(last, 1 - self.height) if last.row < self.height else first

    def _last_top(self) -> Row:
        number = self._selection.number_at(self._selection.count - 1)
        return self._stepped(Row(number, self._rows_of(number) - 1), 1 - self.height)

    def _rows_from(self, top: Row) -> list[Row]:
        rows: list[Row] = []
        place = self._selection.place_of(top.number)
        row = top.row
        while len(rows) < self.height and place < self._selection.count:
            number = self._selection.number_at(place)
            stop = min(self._rows_of(number), row + self.height - len(rows))
            rows += [Row(number, each) for each in range(row, stop)]
            place, row = place + 1, 0
        return rows

    def _stepped(self, start: Row, rows: int) -> Row:
        """Return the row that is so many rows further, or back; at most the first or last of all."""
        place, row = self._selection.place_of(start.number), start.row + rows
        while row < 0 and place > 0:
            place -= 1
            row += self._rows_of(self._selection.number_at(place))
        number = self._selection.number_at(place)
        while row >= self._rows_of(number) and place < self._selection.count - 1:
            row -= self._rows_of(number)
            place += 1
            number = self._selection.number_at(place)
        return Row(number, max(min(row, self._rows_of(number) - 1), 0))
