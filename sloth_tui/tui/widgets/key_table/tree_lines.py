"""Lines of the key table as a tree: nodes that open and close."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from sloth_tui.tui.messages import FoldWanted, NodeSought, RowChosen
from sloth_tui.tui.widgets.key_table.columns import GUTTER
from sloth_tui.tui.widgets.key_table.key_row import SIGN, indent
from sloth_tui.tui.widgets.key_table.marked_lines import MarkedLines
from sloth_tui.tui.widgets.key_table.row_cache import node_spot

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Click


class TreeLines(MarkedLines):
    """Knows where the cursor is in the tree. What is in a node, only the store knows: posts FoldWanted, and
    NodeSought for a node whose line is not known here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "fold", "Fold", show=False),
        Binding("right,l", "unfold", "Unfold", show=False),
    ]

    @property
    def node(self) -> str | None:
        """The prefix of the node under the cursor; None where there is none."""
        row = self.row
        return row.key if row is not None and row.keys is not None else None

    def action_fold(self) -> None:
        """Close the node under the cursor; from anything else, go to the node it is in."""
        row = self.row
        if row is None:
            return
        if row.keys is not None and row.open:
            self.post_message(FoldWanted(row.key, opened=False))
        elif row.stem:
            around = row.key[: row.stem]
            line = self.rows.numbers().get(node_spot(around))
            if line is None:
                self.post_message(NodeSought(around))
            else:
                self.move_to(line)

    def action_unfold(self) -> None:
        """Open the node under the cursor; in one that is open, go to what is first in it."""
        row = self.row
        if row is None or row.keys is None:
            return
        if row.open:
            self.action_move(1)
        else:
            self.post_message(FoldWanted(row.key, opened=True))

    def line_chosen(self) -> None:
        row = self.row
        if row is None:
            return
        if row.keys is None:
            self.post_message(RowChosen(row.key))
        else:
            self.post_message(FoldWanted(row.key, opened=not row.open))

    def on_click(self, event: Click) -> None:
        """A click on the sign of a node opens or closes it."""
        line, offset = self.line_at(event), event.get_content_offset(self)
        row = None if line is None else self.rows.get(line)
        if line is None or offset is None or row is None or row.keys is None or event.shift or event.ctrl:
            return
        begin = GUTTER + indent(row, self.columns)
        if begin <= offset.x < begin + SIGN:
            event.prevent_default()
            event.stop()
            self.move_to(line)
            self.post_message(FoldWanted(row.key, opened=not row.open))
