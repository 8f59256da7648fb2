"""Mark lines of the key table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.messages import MarkRequested, MarksChanged, RangeMoved
from sloth_tui.tui.widgets.key_table.columns import GUTTER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.events import Click

    from sloth_tui.tui.widgets.key_table.marks import Marks
    from sloth_tui.tui.widgets.key_table.row_cache import CursorRow
    from sloth_tui.tui.widgets.key_table.row_view import RowView


class Marking:
    """The marks of a view, and the range that is being chosen.

    Has the view post MarksChanged. Only the store knows which keys a range holds: MarkRequested and
    RangeMoved ask for them, and the controller hands them in.
    """

    def __init__(self, view: RowView, under: CursorRow, marks: Marks) -> None:
        self._view = view
        self._under = under
        self.marks = marks
        self.range_from: str | None = None
        """The key where the range began that ends at the cursor; None while no range is being chosen."""

    def begin_range(self) -> None:
        """Begin a range from here to wherever the cursor goes."""
        key = self._under.key
        if key is not None:
            self.range_from = key
            self.show_range([key])

    def show_range(self, keys: Iterable[str]) -> None:
        """Show these keys as the range so far."""
        if self.range_from is not None:
            self.marks.range = frozenset(keys)
            self.changed()

    def end_range(self, keys: Iterable[str] = ()) -> None:
        """Mark ``keys`` and end the range."""
        self.range_from, self.marks.range = None, frozenset()
        self.marks.add(keys)
        self.changed()

    def unmark(self) -> bool:
        """Give up the range or, without one, all marks. Return False if there was neither."""
        if self.range_from is not None:
            self.end_range()
        elif self.marks:
            self.marks.clear()
            self.changed()
        else:
            return False
        return True

    def changed(self) -> None:
        """Draw the marks again and post how many there are."""
        self._view.refresh()
        self._view.post_message(MarksChanged(len(self.marks), choosing=self.range_from is not None))

    def follow(self, key: str) -> None:
        """Let the range end at this key, where the cursor has come to rest."""
        self._tell_range(key, ends=False)

    def take_click(self, event: Click) -> bool:
        """Mark the line that was clicked, before its key or with Ctrl held; with Shift held, the range up to
        it. Return False if it was another click."""
        line = self._view.line_at(event)
        if line is None:
            return False
        offset = event.get_content_offset(self._view)
        if event.shift:
            self.begin_range()
            self._view.move_to(line)
            self._tell_range(self._under.key, ends=True)
        elif event.ctrl or (offset is not None and offset.x < GUTTER):
            self._view.move_to(line)
            self._view.post_message(MarkRequested())
        else:
            return False
        return True

    def _tell_range(self, last: str | None, *, ends: bool) -> None:
        if last is not None and self.range_from is not None:
            self._view.post_message(RangeMoved(self.range_from, last, ends=ends))
