"""The cursor of the key table in a tree: open and close nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.messages import FoldRequested, NodeRequested, RowSelected
from sloth_tui.tui.widgets.key_table.columns import GUTTER
from sloth_tui.tui.widgets.key_table.key_row import SIGN, indent
from sloth_tui.tui.widgets.key_table.row_cache import node_spot

if TYPE_CHECKING:
    from textual.events import Click

    from sloth_tui.tui.widgets.key_table.columns import Column
    from sloth_tui.tui.widgets.key_table.row_cache import CursorRow, RowCache
    from sloth_tui.tui.widgets.key_table.row_view import RowView


class TreeCursor:
    """Moves the cursor of a view in the tree. Only the store knows what a node holds: the view posts
    FoldRequested, and NodeRequested for a node that is not loaded."""

    def __init__(self, view: RowView, rows: RowCache, under: CursorRow) -> None:
        self._view = view
        self._rows = rows
        self._under = under

    def fold(self) -> None:
        """Close the node under the cursor; on any other row, go to its parent node."""
        row = self._under.row
        if row is None:
            return
        if row.keys is not None and row.open:
            self._view.post_message(FoldRequested(row.key, opened=False))
        elif row.stem:
            around = row.key[: row.stem]
            line = self._rows.numbers().get(node_spot(around))
            if line is None:
                self._view.post_message(NodeRequested(around))
            else:
                self._view.move_to(line)

    def unfold(self) -> None:
        """Open the node under the cursor; if it is open, go to its first row."""
        row = self._under.row
        if row is None or row.keys is None:
            return
        if row.open:
            self._view.move_to(self._view.cursor + 1)
        else:
            self._view.post_message(FoldRequested(row.key, opened=True))

    def choose(self) -> None:
        """Show the key under the cursor, or open or close its node."""
        row = self._under.row
        if row is None:
            return
        if row.keys is None:
            self._view.post_message(RowSelected(row.key))
        else:
            self._view.post_message(FoldRequested(row.key, opened=not row.open))

    def take_click(self, event: Click, columns: tuple[Column, ...]) -> bool:
        """Open or close a node whose sign was clicked. Return False if it was another click."""
        line, offset = self._view.line_at(event), event.get_content_offset(self._view)
        row = None if line is None else self._rows.get(line)
        if line is None or offset is None or row is None or row.keys is None or event.shift or event.ctrl:
            return False
        begin = GUTTER + indent(row, columns)
        if not begin <= offset.x < begin + SIGN:
            return False
        self._view.move_to(line)
        self._view.post_message(FoldRequested(row.key, opened=not row.open))
        return True
