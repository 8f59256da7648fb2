"""The key table and its filter: which rows are asked for, and the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from sloth_tui.model import Query
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.browser.news import News
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.filter_syntax import lets_all_through
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from sloth_tui.tui.widgets.key_table.keys_pane import KeysPane
from sloth_tui.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from sloth_tui.tui import messages
    from sloth_tui.tui.services import Services


class KeyNews(News):
    """Looks after the middle of the browser."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._query = Query()
        self._generation = -1
        self._begun = False
        """Whether the rows that the services look for first are those of the newest StoreOpened."""

    def begin(self, agent: str) -> None:
        """Have the agent's first keys read while the screen is still being made."""
        now = self.memory.now
        tree = now.tree and now.sort == "key" and not now.descending
        self._query = Query(sort=now.sort, descending=now.descending, tree=tree)
        self._generation, self._begun = self.services.start(agent, self._query), True

    def begin_rows(self) -> None:
        """The table is there: show what was read meanwhile."""
        self.query_one(FilterBar).begin(self._query)
        self._await_rows()
        if self.services.rows_so_far is not None:
            self._show_indexed(self.services.rows_so_far)

    def on_store_opened(self, message: messages.StoreOpened) -> None:
        if not self.is_about_chosen(message):
            return
        if self._begun:
            self._begun = False
        else:
            self._show_rows(afresh=True)

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if self.is_about_chosen(message):
            self._begun = False
            self.query_one(KeysPane).fail(message.message, message.hint)

    def on_filter_changed(self, message: messages.FilterChanged) -> None:
        before, key = self._query, self.key
        self._ask(message.query)
        if key is not None and lets_all_through(message.query) and not lets_all_through(before):
            # What was found with a filter is still under the cursor without it.
            self.services.rows.find(key, reveal=False)

    def on_filter_left(self, message: messages.FilterLeft) -> None:
        self.query_one(KeyTable).focus()

    def on_page_wanted(self, message: messages.PageWanted) -> None:
        self.services.load_page(message.generation, message.first, message.count)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        self.action_show_pane("detail")

    def on_sort_chosen(self, message: messages.SortChosen) -> None:
        self.query_one(FilterBar).sort_by(message.column)

    def on_rows_indexed(self, message: messages.RowsIndexed) -> None:
        self._show_indexed(message)

    def _show_indexed(self, message: messages.RowsIndexed) -> None:
        if message.generation == self._generation:
            self.query_one(KeyTable).index(message.count, message.rows, complete=message.complete)
            self._count(message, complete=message.complete)

    def on_rows_changed(self, message: messages.RowsChanged) -> None:
        if message.generation == self._generation:
            table = self.query_one(KeyTable)
            table.change(message.count, message.key, message.position, node=message.node)
            self._count(message, complete=True)

    def on_page_loaded(self, message: messages.PageLoaded) -> None:
        if message.generation == self._generation:
            self.query_one(KeyTable).load(message.first, message.rows)
            self.show_held()

    def leave_rows(self) -> None:
        """The rows on screen are of an agent that is being left, and so are those still to be told of."""
        self._generation, self._begun = -1, False
        self.query_one(KeyTable).outlived = True
        self.leave_marks()

    def go_to_key(self, key: str) -> None:
        self.action_show_pane("keys")
        self.services.find_key(key)

    def on_key_placed(self, message: messages.KeyPlaced) -> None:
        if message.position is not None:
            self.query_one(KeyTable).go_to(message.position)
        elif not lets_all_through(self._query):
            self.query_one(FilterBar).clear()
            self._ask(self.query_one(FilterBar).asked)
            self.services.find_key(message.key)
        else:
            self.flows.tell(f"there is no key {message.key}")

    def action_filter_keys(self) -> None:
        self.current = "keys"
        self.query_one(FilterBar).focus()

    def action_step_back(self) -> None:
        """Out of zoom, to the keys, out of a range, of the marks, of the filter."""
        if self.zoomed:
            self.zoomed = False
        elif self.current != "keys":
            self.action_show_pane("keys")
        elif not self.unmark():
            self.query_one(FilterBar).clear()

    def _ask(self, query: Query) -> None:
        if query != self._query:
            self._query = query
            self.memory.note(sort=query.sort, descending=query.descending, tree=query.tree)
            self._show_rows()

    def _show_rows(self, *, afresh: bool = False) -> None:
        self._generation = self.services.show_rows(self._query, afresh=afresh)
        self._await_rows(afresh=afresh)

    def _await_rows(self, *, afresh: bool = False) -> None:
        table = self.query_one(KeyTable)
        table.asked = self._query
        table.reset(self._generation, afresh=afresh)

    def _count(self, message: messages.RowsIndexed | messages.RowsChanged, *, complete: bool) -> None:
        self.answers = True
        self.show_held()
        self.show_with_rows(message, lambda told: self._show_count(told.passing, complete=complete))

    def _show_count(self, shown: int, *, complete: bool) -> None:
        bar, keys = self.query_one(TitleBar), self.query_one(KeysPane)
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
