"""The lines of the chooser."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual.binding import Binding
from textual.content import Content, Span
from textual.message import Message

from sloth_tui.cells import fit
from sloth_tui.tui.widgets.cursor_view import CursorView

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Resize

    from sloth_tui.tui.run_screen.files.choosing.tree import Row

_LEAST_OF_NOTE = 30
"""Cells of a longer note that are worth showing."""


class FileList(CursorView):
    """The lines of the chooser."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", show=False),
        Binding("right,l", "unfold", "Unfold", show=False),
        Binding("left,h", "fold", "Fold", show=False),
        Binding("backspace", "up", "Directory above", show=False),
    ]

    class Walked(Message):
        """The cursor is on another line."""

    class Used(Message):
        """The person wants a line: ``open``, ``unfold``, ``fold`` or ``up``."""

        def __init__(self, verb: str, row: Row | None) -> None:
            super().__init__()
            self.verb = verb
            self.row = row

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._rows: list[Row] = []

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def show(self, rows: list[Row], *, first_file: bool = False) -> None:
        """Show these rows. The cursor stays on its own, else goes to the first file with ``first_file``."""
        on = self.row
        self._rows = rows
        places = [(row.section, row.kind, row.path) for row in rows]
        if on is not None and not first_file and (on.section, on.kind, on.path) in places:
            self._cursor = places.index((on.section, on.kind, on.path))
        elif first_file:
            self._cursor = next((number for number, row in enumerate(rows) if row.is_file), 0)
        else:
            self._cursor = max(min(self._cursor, len(rows) - 1), 0)
        self._lay_out()
        if self.row is not on:
            self.walked()

    def go_to(self, path: str) -> None:
        """Put the cursor on a line, if there is one for this path."""
        for number, row in enumerate(self._rows):
            if row.path == path:
                self.walk_to(number)
                return

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self._lay_out()

    def walked(self) -> None:
        self.post_message(self.Walked())

    def clicked(self, *, again: bool) -> None:
        if again or (self.row is not None and not self.row.is_file):
            self.action_open()

    def paint(self, number: int) -> Content:
        row, text = self._rows[number], self.lines[number]
        line = Content(text)
        if row.kind == "section":
            return line.stylize("bold $primary")
        if row.kind in ("note", "up"):
            return line.stylize("$quiet")
        end = min(len(row.text), len(text))
        line = line.stylize("$secondary" if row.kind == "directory" else "$foreground", 0, end)
        begin = len(row.text) - len(row.name)
        places = [begin + place for place in row.places if begin + place < end]
        met = [Span(place, place + 1, "bold $accent") for place in places]
        return line.stylize("$quiet", end).add_spans(met)

    def action_open(self) -> None:
        self.post_message(self.Used("open", self.row))

    def action_unfold(self) -> None:
        self.post_message(self.Used("unfold", self.row))

    def action_fold(self) -> None:
        self.post_message(self.Used("fold", self.row))

    def action_up(self) -> None:
        self.post_message(self.Used("up", self.row))

    def go_around(self) -> None:
        """Put the cursor on the line that this one is below of."""
        depth = self.row.depth if self.row is not None else 0
        above = (number for number in range(self.cursor - 1, -1, -1) if self._rows[number].depth < depth)
        self.walk_to(next(above, self.cursor))

    def _lay_out(self) -> None:
        self.set_lines([_fitted(row, self._room()) for row in self._rows])
        self._follow()


def _fitted(row: Row, room: int) -> str:
    """Return the text of a row in the room there is: the name, and its note if it fits or most of it may."""
    text = row.text
    free = room - cell_len(text) - 2
    if row.note and free >= min(cell_len(row.note), _LEAST_OF_NOTE):
        return f"{text}  {fit(row.note, free).rstrip()}"
    if cell_len(text) <= room:
        return text
    return _fit_end(row, room) if row.kind == "section" else fit(text, room)


def _fit_end(row: Row, room: int) -> str:
    """Return the heading of a directory: the end of its path tells more than the beginning."""
    sign, name = row.text.removesuffix(row.name), row.name
    while name and cell_len(sign) + 1 + cell_len(name) > room:
        name = name[1:]
    return f"{sign}…{name}"
