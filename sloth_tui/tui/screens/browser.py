"""The main screen: agents, keys, the entry under the cursor, locks, stats and a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal
from textual.content import Content

from sloth_tui.model import Query
from sloth_tui.tui.actions import PALETTE_KEY, PANES, in_pane, shown_key
from sloth_tui.tui.screens.commands import CommandScreen
from sloth_tui.tui.widgets.agent_list import AgentsPane
from sloth_tui.tui.widgets.detail import DetailPane
from sloth_tui.tui.widgets.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_bar import KeyBar, KeyHint
from sloth_tui.tui.widgets.key_table import KeyTable
from sloth_tui.tui.widgets.keys_pane import KeysPane
from sloth_tui.tui.widgets.lock_list import LocksPane
from sloth_tui.tui.widgets.pane import LatePane
from sloth_tui.tui.widgets.run_view import RunPane
from sloth_tui.tui.widgets.stats_view import StatsPane
from sloth_tui.tui.widgets.title_bar import PaneStrip, TitleBar

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.tui import messages
    from sloth_tui.tui.services import Services

_RUN_NEWS = 0.04
"""Seconds a run may talk before the screen shows what it said."""

_EVERYTHING = Query()[:3]


class BrowserScreen(CommandScreen):
    """Hands news of widgets to the services, and news of the services to widgets."""

    AUTO_FOCUS = "#table"

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        yield PaneStrip(PANES)
        with Horizontal(id="body"):
            yield AgentsPane(id="agents")
            yield KeysPane(self.services.is_secret, id="keys")
            yield DetailPane(id="detail")
        with Horizontal(id="dock"):
            yield LocksPane(id="locks")
            yield StatsPane(id="stats")
            yield RunPane(id="run")
        yield KeyBar(id="bar")

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._query = Query()
        self._generation = -1
        self._begun = False
        """Whether the rows that the services look for first are those of the newest StoreOpened."""
        self._answers = False
        """Whether what the services tell is about the agent that was chosen last."""
        self._furnished = False
        """Whether there is more in the panes than keys."""

    def begin(self, agent: str) -> None:
        """Have the agent's first keys read while the screen is still being made."""
        self._generation, self._begun = self.services.start(agent), True

    def on_mount(self) -> None:
        self.query_one(KeyBar).always = (KeyHint(shown_key(PALETTE_KEY), "Palette", "app.command_palette"),)
        self.watch_current()
        self.title_bar.read_only = self.services.read_only
        self._await_rows()
        if self.services.rows_so_far is not None:
            self.on_rows_indexed(self.services.rows_so_far)
        self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Once the keys are on screen: everything else."""
        for pane in self.query(LatePane):
            if not await pane.furnish():
                return
        self._furnished = True
        self._highlight(self.key)
        self.services.start_figures()

    @property
    def title_bar(self) -> TitleBar:
        return self.query_one(TitleBar)

    def watch_current(self) -> None:
        super().watch_current()
        self.query_one(KeyBar).hints = tuple(
            KeyHint(shown_key(action.key), action.label, f"screen.perform('{action.id}')")
            for action in in_pane(self.current)
        )

    # Which agent.

    def choose_agent(self, name: str) -> None:
        self._answers = False
        self.services.choose_agent(name)
        self.query_one(AgentsPane).choose(name)

    def on_agent_chosen(self, message: messages.AgentChosen) -> None:
        if message.name != self.services.agent:
            self.choose_agent(message.name)

    def on_agents_listed(self, message: messages.AgentsListed) -> None:
        agents = self.query_one(AgentsPane)
        agents.show(message.agents)
        agents.choose(self.services.agent)

    def on_store_opened(self, message: messages.StoreOpened) -> None:
        if message.agent != self.services.agent:
            return
        self._answers = True
        bar = self.title_bar
        bar.agent, bar.location = message.agent, message.location
        bar.state = "live" if message.exists else "empty"
        bar.total = bar.shown = None
        if self._begun:
            self._begun = False
        else:
            self._show_rows(afresh=True)

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if message.agent != self.services.agent:
            return
        self._answers = self._begun = False
        bar = self.title_bar
        bar.agent, bar.state, bar.total = message.agent, "no answer", None
        self.query_one(KeysPane).fail(message.message, message.hint)
        self._highlight(None)
        if self._furnished:
            self.query_one(LocksPane).show([], 0.0)
            self.query_one(StatsPane).show(None)

    # The key table.

    def on_filter_changed(self, message: messages.FilterChanged) -> None:
        self._ask(message.query)

    def _ask(self, query: Query) -> None:
        if query != self._query:
            self._query = query
            self._show_rows()

    def on_filter_left(self, message: messages.FilterLeft) -> None:
        self.query_one(KeyTable).focus()

    def on_page_wanted(self, message: messages.PageWanted) -> None:
        self.services.load_page(message.generation, message.first, message.count)

    def on_row_highlighted(self, message: messages.RowHighlighted) -> None:
        self._highlight(message.key)

    def on_row_chosen(self, message: messages.RowChosen) -> None:
        self.action_show_pane("detail")

    def on_sort_chosen(self, message: messages.SortChosen) -> None:
        self.query_one(FilterBar).sort_by(message.column)

    def on_rows_indexed(self, message: messages.RowsIndexed) -> None:
        if message.generation == self._generation:
            self.query_one(KeyTable).index(message.count, message.rows, complete=message.complete)
            self._count(message.count, complete=message.complete)

    def on_rows_changed(self, message: messages.RowsChanged) -> None:
        if message.generation == self._generation:
            self.query_one(KeyTable).change(message.count, message.key, message.position)
            self._count(message.count, complete=True)

    def on_page_loaded(self, message: messages.PageLoaded) -> None:
        if message.generation == self._generation:
            self.query_one(KeyTable).load(message.first, message.rows)

    def go_to_key(self, key: str) -> None:
        self.action_show_pane("keys")
        self.services.find_key(key)

    def on_key_placed(self, message: messages.KeyPlaced) -> None:
        if message.position is not None:
            self.query_one(KeyTable).go_to(message.position)
        elif self._query[:3] != _EVERYTHING:
            self.query_one(FilterBar).clear()
            self._ask(self.query_one(FilterBar).asked)
            self.services.find_key(message.key)
        else:
            self.flows.tell(f"there is no key {message.key}")

    def action_filter_keys(self) -> None:
        self.action_show_pane("keys")
        self.query_one(FilterBar).focus()

    def action_step_back(self) -> None:
        """Out of zoom, out of the filter, to the keys."""
        if self.zoomed:
            self.zoomed = False
        elif self.current != "keys":
            self.action_show_pane("keys")
        else:
            self.query_one(FilterBar).clear()

    def _show_rows(self, *, afresh: bool = False) -> None:
        self._generation = self.services.show_rows(self._query, afresh=afresh)
        self._await_rows()

    def _await_rows(self) -> None:
        table = self.query_one(KeyTable)
        table.asked = self._query
        table.reset(self._generation)

    def _highlight(self, key: str | None) -> None:
        self.key = key
        if not self._furnished:
            return
        self.services.show_entry(key)
        if key is None:
            self.query_one(DetailPane).show(None, secret=False)

    def _count(self, shown: int, *, complete: bool) -> None:
        self._answers = True
        bar, keys = self.title_bar, self.query_one(KeysPane)
        if self._query[:3] == _EVERYTHING and complete:
            bar.total = shown
        bar.shown = shown
        keys.count(shown, bar.total, complete=complete)
        if shown or not complete:
            keys.say(None)
        elif bar.total:
            keys.say(Content("No key passes this filter.\nesc clears it."))
        else:
            keys.say(Content("No key here yet.\nn creates one, r runs a Lua file."))

    # The other panes.

    def on_entry_read(self, message: messages.EntryRead) -> None:
        if self._answers and message.key == self.key:
            self.query_one(DetailPane).show(message.entry, secret=self.services.is_secret(message.key))

    def on_locks_read(self, message: messages.LocksRead) -> None:
        if self._answers:
            self.query_one(LocksPane).show(message.locks, message.at)

    def on_lock_ran_out(self, message: messages.LockRanOut) -> None:
        self.services.reread_locks()

    def on_stats_read(self, message: messages.StatsRead) -> None:
        if self._answers:
            self.query_one(StatsPane).show(message.stats)
            self.title_bar.total = message.stats.total_keys

    # The run.

    def on_run_began(self, message: messages.RunBegan) -> None:
        self.query_one(RunPane).begin(message.file, message.agent)

    def on_run_progressed(self, message: messages.RunProgressed) -> None:
        self.set_timer(_RUN_NEWS, self._hear_run)

    def _hear_run(self) -> None:
        news = self.services.take_run_news()
        self.query_one(RunPane).add(news.lines, news.task, news.changed)

    def on_run_ended(self, message: messages.RunEnded) -> None:
        self._hear_run()
        self.query_one(RunPane).end(message.result, message.duration, message.error)

    def on_thread_died(self, message: messages.ThreadDied) -> None:
        raise message.error
