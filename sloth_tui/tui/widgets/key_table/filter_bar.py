"""The filter bar: the line in which the user types a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import Input, Static

from sloth_tui.model import Query
from sloth_tui.tui.messages import FilterChanged, FilterLeft
from sloth_tui.tui.widgets.key_table.columns import KINDS
from sloth_tui.tui.widgets.key_table.filter_syntax import format_filter, parse_filter
from sloth_tui.tui.widgets.no_relayout import NoRelayoutInput

if TYPE_CHECKING:
    from typing import Self

    from textual.app import ComposeResult
    from textual.binding import BindingType


class FilterBar(Horizontal):
    """Holds the query: the typed terms and the order. Posts FilterChanged with every change, and FilterLeft
    when the focus goes back to the table."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave", "To the keys", show=False),
        Binding("escape", "give_up", "Clear the filter", show=False),
    ]
    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        & > Static { width: 2; color: $text-muted; }
        & > Input, & > Input:focus {
            width: 1fr;
            height: 1;
            border: none;
            padding: 0;
            background: transparent;
            background-tint: transparent;
        }
        &:focus-within > Static { color: $primary; text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # theirs
        super().__init__(id=id, classes=classes)
        self._asked = Query()

    def compose(self) -> ComposeResult:
        yield Static("/ ", markup=False)
        yield NoRelayoutInput(
            placeholder="part of a key  ^beginning  ~fuzzy  =value  !not", select_on_focus=False
        )

    @property
    def asked(self) -> Query:
        """The current query."""
        return self._asked

    def focus(self, scroll_visible: bool = True) -> Self:
        # At once: keys typed meanwhile are for the filter.
        self.screen.set_focus(self.query_one(Input), scroll_visible)
        return self

    def ask(self, query: Query) -> None:
        """Set the query as if it had been typed."""
        field = self.query_one(Input)
        with field.prevent(Input.Changed):
            field.value = format_filter(query)
        self._change(query)

    def clear(self) -> None:
        """Match every key; the order stays."""
        self.ask(self._in_order(Query()))

    def begin(self, query: Query) -> None:
        """Set the query without posting it: it is answered already."""
        self._asked = query

    def sort_by(self, column: str) -> None:
        """Sort by a column, one of SORT_COLUMNS; the same column again reverses the order.

        The keys are shown flat then.
        """
        if column == self._asked.sort:
            descending = not self._asked.descending
        else:
            descending = column in KINDS and KINDS[column].greatest_first
        self._change(self._asked._replace(sort=column, descending=descending, tree=False))

    def fold(self, key: str | None, *, tree: bool) -> None:
        """Show a tree, which is always in key order, or the keys flat, with the cursor on ``key``."""
        order = Query() if tree else self._asked
        self._change(self._asked._replace(tree=tree, sort=order.sort, descending=order.descending), key)

    def _in_order(self, query: Query) -> Query:
        """Return the query in the current order."""
        now = self._asked
        return query._replace(sort=now.sort, descending=now.descending, tree=now.tree)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        typed = parse_filter(event.value)
        self._change(self._in_order(typed))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        self.post_message(FilterLeft())

    def action_give_up(self) -> None:
        self.clear()
        self.action_leave()

    def _change(self, query: Query, key: str | None = None) -> None:
        if query != self._asked:
            self._asked = query
            self.post_message(FilterChanged(query, key))
