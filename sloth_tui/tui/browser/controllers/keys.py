"""The key table and its filter: request rows and show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from sloth_tui.model import Query
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.filter_syntax import lets_all_through
from sloth_tui.tui.widgets.key_table.keys_pane import KeysPane
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from sloth_tui.tui import messages
    from sloth_tui.tui.browser.context import Context


class KeysController(Controller):
    """Handles the filter and the key table."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._query = Query()
        self._generation = -1
        self._begun = False
        """True until the StoreOpened arrives whose rows were requested by :meth:`begin`."""

    def begin(self, agent: str) -> None:
        """Start reading the agent's first keys while the screen is being built."""
        now = self.context.ui_state.now
        tree = now.tree and now.sort == "key" and not now.descending
        self._query = Query(sort=now.sort, descending=now.descending, tree=tree)
        self._generation, self._begun = self.services.start(agent, self._query), True

    def show_first(self) -> None:
        """Show the rows read before the table was mounted."""
        self.screen.query_one(FilterBar).begin(self._query)
        self._await_rows()
        if self.services.rows_so_far is not None:
            self._show_indexed(self.services.rows_so_far)

    def on_store_opened(self, message: messages.StoreOpened) -> None:
        if not self.context.is_about_chosen(message):
            return
        if self._begun:
            self._begun = False
        else:
            self._show_rows(afresh=True)

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if self.context.is_about_chosen(message):
            self._begun = False
            hint = message.hint if message.locked is None else f"{key_of('refresh')} asks for it"
            self.screen.query_one(KeysPane).fail(message.message, hint)

    def on_filter_changed(self, message: messages.FilterChanged) -> None:
        before, key = self._query, message.key
        if key is None and lets_all_through(message.query) and not lets_all_through(before):
            # The cursor stays on its key when the filter is cleared.
            key = self.context.key
        elif key is not None:
            key = self.context.key or key  # it may have been moved meanwhile
        self._ask(message.query)
        if key is not None:
            self.services.rows.find(key, reveal=False)

    def on_filter_left(self, message: messages.FilterLeft) -> None:
        self.screen.set_focus(self.context.table)

    def on_page_requested(self, message: messages.PageRequested) -> None:
        self.services.load_page(message.generation, message.first, message.count)

    def on_row_selected(self, message: messages.RowSelected) -> None:
        self.panes.show("detail")

    def on_sort_chosen(self, message: messages.SortChosen) -> None:
        self.screen.query_one(FilterBar).sort_by(message.column)

    def on_rows_indexed(self, message: messages.RowsIndexed) -> None:
        self._show_indexed(message)

    def _show_indexed(self, message: messages.RowsIndexed) -> None:
        if message.generation == self._generation:
            self.context.table.index(message.count, message.rows, complete=message.complete)
            self._count(message, complete=message.complete)

    def on_rows_changed(self, message: messages.RowsChanged) -> None:
        if message.generation == self._generation:
            table = self.context.table
            table.change(message.count, message.key, message.position, node=message.node)
            self._count(message, complete=True)

    def on_page_loaded(self, message: messages.PageLoaded) -> None:
        if message.generation == self._generation:
            self.context.table.load(message.first, message.rows)
            self.context.held.rows_came()

    def on_agent_left(self, message: messages.AgentLeft) -> None:
        """Ignore the rows of the agent that is being left, on screen and still to come."""
        self._generation, self._begun = -1, False
        self.context.table.outlived = True

    def on_key_located(self, message: messages.KeyLocated) -> None:
        if not self.context.is_about_chosen(message):
            return
        if message.generation != self._generation:
            # Its position is one among other rows than those that are awaited.
            self.services.rows.find(message.key, reveal=message.reveals)
        elif message.position is not None:
            self.context.table.go_to(message.position, from_asked=not message.reveals)
        elif not lets_all_through(self._query):
            self.screen.query_one(FilterBar).clear()
            self._ask(self.screen.query_one(FilterBar).asked)
            self.services.find_key(message.key)
        else:
            self.operations.notify(f"there is no key {message.key}")

    def action_filter_keys(self) -> None:
        self.panes.current = "keys"
        self.screen.query_one(FilterBar).focus()

    def action_go_to_key(self) -> None:
        from sloth_tui.tui.palette import make_key_palette

        self.screen.app.push_screen(make_key_palette())

    def action_step_back(self) -> None:
        """Leave the zoom, the pane, the range, the marks or the filter: the first that applies."""
        if self.panes.zoomed:
            self.panes.zoomed = False
        elif self.panes.current != "keys":
            self.panes.show("keys")
        elif not self.workers.forget_marking() and not self.context.table.marking.unmark():
            self.screen.query_one(FilterBar).clear()

    def _ask(self, query: Query) -> None:
        if query != self._query:
            self._query = query
            self.context.ui_state.note(sort=query.sort, descending=query.descending, tree=query.tree)
            self._show_rows()

    def _show_rows(self, *, afresh: bool = False) -> None:
        self._generation = self.services.show_rows(self._query, afresh=afresh)
        self._await_rows(afresh=afresh)

    def _await_rows(self, *, afresh: bool = False) -> None:
        table = self.context.table
        table.asked = self._query
        table.reset(self._generation, afresh=afresh)

    def _count(self, message: messages.RowsIndexed | messages.RowsChanged, *, complete: bool) -> None:
        self.context.answers = True
        self.context.held.rows_came()
        self.context.held.show(message, lambda told: self._show_count(told.passing, complete=complete))

    def _show_count(self, shown: int, *, complete: bool) -> None:
        bar, keys = self.screen.query_one(TitleBar), self.screen.query_one(KeysPane)
        if complete and lets_all_through(self._query):
            bar.total = shown
        bar.shown = shown
        keys.count(shown, bar.total, complete=complete)
        if shown or not complete:
            keys.say(None)
        elif bar.total:
            keys.say(Content(f"No key passes this filter.\n{key_of('step_back')} clears it."))
        else:
            new, run = key_of("new_key"), key_of("run_file")
            keys.say(Content(f"No key here yet.\n{new} creates one, {run} runs a Lua file."))
