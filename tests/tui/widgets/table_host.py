"""A small app around the key table, with a source of rows that needs no store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from sloth_tui.model import Query, Row
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.key_table import KeyTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.strip import Strip

    from sloth_tui.tui import messages


def numbered(number: int) -> Row:
    """What row ``number`` is, where a test does not care."""
    return Row(f"key:{number:07}", f"value {number}", "string", number, 1_700_000_000.0, number + 1)


class TableHost(App[None]):
    """Answers PageRequested at once with ``row(number)``; remembers what else the table says."""

    CSS = "KeyTable { height: 1fr; }"

    def __init__(
        self, count: int, row: Callable[[int], Row | None] = numbered, *, quiet: bool = False
    ) -> None:
        super().__init__()
        self.count = count
        self.row = row
        self.answering = not quiet
        self.generation = 0
        self.wanted: list[tuple[int, int, int]] = []
        self.highlighted: list[str | None] = []
        self.chosen: list[str] = []
        self.sorted_by: list[str] = []

    def compose(self) -> ComposeResult:
        yield FilterBar()
        yield KeyTable()

    def on_mount(self) -> None:
        self.table.focus()
        self.ask(Query())

    @property
    def table(self) -> KeyTable:
        return self.query_one(KeyTable)

    def ask(self, query: Query, *, complete: bool = True) -> None:
        """A new query, and how many rows it has."""
        self.generation += 1
        self.table.asked = query
        self.table.reset(self.generation)
        self.table.index(self.count, complete=complete)

    def answer(self, first: int, count: int) -> None:
        last = min(first + count, self.count)
        self.table.load(first, [self.row(number) for number in range(first, last)])

    def change(self, key: str | None = None, position: int | None = None) -> None:
        """Tell that rows have changed."""
        self.table.change(self.count, key, position)

    def lines(self) -> list[str]:
        """The table as it is on screen, the heading first."""
        return [strip.text for strip in self.strips()]

    def strips(self) -> list[Strip]:
        return [self.table.render_line(y) for y in range(self.table.size.height)]

    def shown(self) -> list[str]:
        """The first word of every line below the heading that has any."""
        return [line[2:].split()[0] for line in self.lines()[1:] if line[2:].split()]

    def on_page_requested(self, message: messages.PageRequested) -> None:
        self.wanted.append((message.generation, message.first, message.count))
        if self.answering and message.generation == self.generation:
            self.answer(message.first, message.count)

    def on_row_highlighted(self, message: messages.RowHighlighted) -> None:
        self.highlighted.append(message.key)

    def on_row_selected(self, message: messages.RowSelected) -> None:
        self.chosen.append(message.key)

    def on_sort_chosen(self, message: messages.SortChosen) -> None:
        self.sorted_by.append(message.column)
