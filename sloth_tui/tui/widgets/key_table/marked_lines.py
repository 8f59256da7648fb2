"""Lines of the key table that can be marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.messages import MarksChanged
from sloth_tui.tui.widgets.key_table.columns import GUTTER
from sloth_tui.tui.widgets.key_table.key_lines import KeyLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.events import Click

    from sloth_tui.model import Row


class MarkedLines(KeyLines):
    """Holds the marks and draws them; posts MarksChanged. Which keys a range or everything is, only the store
    knows: whoever listens hands them in."""

    range_from: str | None = None
    """The key at which a range began that ends at the cursor; None: no range is being chosen."""

    @property
    def row(self) -> Row | None:
        """The row under the cursor; None where there is none, or it is not here yet."""
        return self.rows.get(self.cursor) if self.count else None

    @property
    def key(self) -> str | None:
        """The key under the cursor; None where there is no row, it is not here yet, or it is a node."""
        row = self.row
        return row.key if row is not None and row.keys is None else None

    def begin_range(self) -> None:
        """From here to wherever the cursor goes."""
        if self.key is not None:
            self.range_from = self.key
            self.show_range([self.key])

    def show_range(self, keys: Iterable[str]) -> None:
        """These are the keys of the range so far."""
        if self.range_from is not None:
            self.marks.range = frozenset(keys)
            self.marks_changed()

    def end_range(self, keys: Iterable[str] = ()) -> None:
        """Mark ``keys`` and choose no range any more."""
        self.range_from, self.marks.range = None, frozenset()
        self.marks.add(keys)
        self.marks_changed()

    def unmark(self) -> bool:
        """Give up the range or, where there is none, all marks; whether there was anything to give up."""
        if self.range_from is not None:
            self.end_range()
        elif self.marks:
            self.marks.clear()
            self.marks_changed()
        else:
            return False
        return True

    def marks_changed(self) -> None:
        """Draw the marks anew, and tell how many there are."""
        self.refresh()
        self.post_message(MarksChanged(len(self.marks), choosing=self.range_from is not None))

    def on_click(self, event: Click) -> None:
        """A click before the key, or with the control key held, marks; one with shift marks up to there."""
        line = self.line_at(event)
        if line is None:
            return
        offset = event.get_content_offset(self)
        if event.shift:
            event.prevent_default()
            event.stop()
            self.begin_range()
            self.move_to(line)
            self.range_clicked()
        elif event.ctrl or (offset is not None and offset.x < GUTTER):
            event.prevent_default()
            event.stop()
            self.move_to(line)
            self.mark_clicked()

    def mark_clicked(self) -> None:
        """The row under the cursor is to be marked, or not any more."""

    def range_clicked(self) -> None:
        """The range that has begun ends at the cursor."""
