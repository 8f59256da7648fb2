"""The main screen: agents, keys, the entry under the cursor, and the dock of locks, stats, log and run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Horizontal

from sloth_tui.tui.actions import DOCK, PANES, in_pane, key_of, shown_key
from sloth_tui.tui.browser.dock_news import DockNews
from sloth_tui.tui.browser.entry_news import EntryNews
from sloth_tui.tui.browser.key_news import KeyNews
from sloth_tui.tui.browser.news import NewsScreen
from sloth_tui.tui.browser.run_news import RunNews
from sloth_tui.tui.browser.store_news import StoreNews
from sloth_tui.tui.widgets.detail.detail import DetailPane
from sloth_tui.tui.widgets.dock.dock import Dock
from sloth_tui.tui.widgets.key_bar import KeyBar, KeyHint
from sloth_tui.tui.widgets.key_table.keys_pane import KeysPane
from sloth_tui.tui.widgets.pane import LatePane, Place
from sloth_tui.tui.widgets.title_bar import PaneStrip, TitleBar

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.tui import messages


_PATIENCE = 0.5
"""Seconds that everything else waits for the first keys."""


class BrowserScreen(KeyNews, EntryNews, StoreNews, DockNews, RunNews, NewsScreen):
    """Wiring: what is on screen. News of widgets and services are heard by the mixins."""

    AUTO_FOCUS = "#table"

    _furnishing = False

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        yield PaneStrip(PANES)
        with Horizontal(id="body"):
            yield Place(1, PANES["agents"], id="agents")
            yield KeysPane(self.services.is_secret, id="keys")
            yield DetailPane(id="detail")
        yield Dock({pane: PANES[pane] for pane in DOCK}, first=len(PANES) - len(DOCK) + 1)
        yield KeyBar(id="bar")

    def on_mount(self) -> None:
        if self.memory.now.tab in DOCK:
            self.query_one(Dock).tab = self.memory.now.tab
        self.query_one(KeyBar).always = (KeyHint(key_of("palette"), "Palette", "app.command_palette"),)
        self.watch_current()
        self.title_bar.read_only = self.services.read_only
        self.begin_rows()
        self.begin_dock()
        if self.services.rows_so_far is None:
            self.set_timer(_PATIENCE, self._furnish_soon)
        else:
            self._furnish_soon()

    def choose_agent(self, name: str) -> None:
        """Show another agent. From now on nothing of the one before is acted on."""
        self.leave_rows()
        self.leave_dock()
        super().choose_agent(name)

    def on_rows_indexed(self, message: messages.RowsIndexed) -> None:
        self._furnish_soon()

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        self._furnish_soon()

    def _furnish_soon(self) -> None:
        if not self._furnishing:
            self._furnishing = True
            self.call_after_refresh(self._furnish)

    async def _furnish(self) -> None:
        """Once the keys are on screen: everything else. Not while the app is being left and taken apart."""
        from sloth_tui.tui.browser.lazy_panes import agents_pane, dock_panes

        with self.app.batch_update():
            if self.app.is_running:
                await self.query_one(Place).mount(agents_pane())
            if self.app.is_running:
                await self.query_one(Dock).fill(dock_panes())
        for pane in self.query(LatePane):
            if not await pane.furnish():
                return
        self.furnished = True
        self.forget_lists()
        self.highlight(self.shown)
        self.enter_current()
        self.services.start_figures(self.query_one(Dock).tab)

    def watch_current(self) -> None:
        super().watch_current()
        self.query_one(KeyBar).hints = tuple(
            KeyHint(shown_key(action.key), action.label, f"screen.perform('{action.id}')")
            for action in in_pane(self.current)
            if not (action.writes and self.services.read_only)
        )
