"""The value of an entry: foldable JSON, text, a number, or a dump of bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from sloth_tui.tui.widgets.cursor_view import CursorView
from sloth_tui.tui.widgets.detail.folding import find_nodes, fold
from sloth_tui.tui.widgets.detail.value_text import Sheet, highlight, sheet

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.content import Content
    from textual.events import Resize

    from sloth_tui.model import Entry
    from sloth_tui.tui.widgets.detail.folding import Node


class ValueView(CursorView):
    """Shows the lines of one value. JSON has a cursor, which can fold the node it is on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "fold", "Fold or unfold", show=False),
        Binding("left,h", "close", "Fold, or go to what it is in", show=False),
        Binding("right,l", "open", "Unfold", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._entry: Entry | None = None
        self._sheet = Sheet([], "string", "")
        self._blocks: dict[int, Node] = {}
        self._folded: set[str] = set()
        self._numbers: list[int] = []
        """For each shown line, its number in the sheet."""

    @property
    def has_cursor(self) -> bool:
        return bool(self._blocks)

    def show(self, entry: Entry | None) -> str:
        """Show this entry's value; while the key stays, its folds do. Return a note on what is missing, or an
        empty text."""
        if entry is None or self._entry is None or entry.key != self._entry.key:
            self._folded.clear()
            self._cursor = 0
            self.scroll_home(animate=False)
        self._entry = entry
        self._lay_out()
        return self._sheet.note

    def say(self, lines: list[str]) -> None:
        """Show these lines instead of a value."""
        self.show(None)
        self.set_lines(lines)

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        if self._sheet.kind == "bytes":
            self._lay_out()

    def paint(self, number: int) -> Content:
        return highlight(self.lines[number], self._sheet.kind)

    def _lay_out(self) -> None:
        entry = self._entry
        if entry is None:
            self._sheet = Sheet([], "string", "")
        else:
            self._sheet = sheet(entry.value, entry.size, entry.type, self._room())
        self._blocks = find_nodes(self._sheet.lines) if self._sheet.kind == "table" else {}
        self._fold_nodes()

    def _fold_nodes(self) -> None:
        """Show the unfolded lines; the cursor stays on its line, or moves to the fold that hides it."""
        at = self._numbers[self._cursor] if self._cursor < len(self._numbers) else 0
        lines, self._numbers = fold(self._sheet.lines, self._blocks, self._folded)
        self._cursor = max((line for line, number in enumerate(self._numbers) if number <= at), default=0)
        self.set_lines(lines)

    def clicked(self, *, again: bool) -> None:
        if again or self.lines[self.cursor].lstrip()[:1] in ("▾", "▸"):
            self.action_fold()

    def action_fold(self) -> None:
        node = self._node()
        if node is not None:
            self._folded ^= {node.path}
            self._fold_nodes()

    def action_open(self) -> None:
        node = self._node()
        if node is not None:
            self._folded.discard(node.path)
            self._fold_nodes()

    def action_close(self) -> None:
        """Fold the node under the cursor; on any other line, go to the node around it."""
        if not self._blocks:
            return
        node = self._node()
        if node is not None and node.path not in self._folded:
            self._folded.add(node.path)
            self._fold_nodes()
            return
        at = self._numbers[self.cursor]
        around = max((start for start, node in self._blocks.items() if start < at <= node.end), default=0)
        self.walk_to(self._numbers.index(around))

    def fold_all(self, *, unfold: bool = False) -> None:
        """Fold everything, or unfold it."""
        self._folded = set() if unfold else {node.path for node in self._blocks.values()}
        self._fold_nodes()
        self._follow()

    def _node(self) -> Node | None:
        """Return the node that begins on the cursor's line, if there is one."""
        if not self._blocks or self.cursor >= len(self._numbers):
            return None
        return self._blocks.get(self._numbers[self.cursor])
