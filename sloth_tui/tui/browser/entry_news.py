"""The entry under the cursor of the key table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.browser.news import News

if TYPE_CHECKING:
    from sloth_tui.tui import messages


class EntryNews(News):
    """Looks after the detail."""

    _detailed = ""
    """The agent whose entries the detail shows."""

    def on_store_opened(self, message: messages.StoreOpened) -> None:
        """An entry of another agent is another one, even under the same key: it is not revealed."""
        if self.is_about_chosen(message) and message.agent != self._detailed:
            self._detailed = message.agent
            if self.furnished:
                self.detail_pane.show(None, secret=False)

    def on_row_highlighted(self, message: messages.RowHighlighted) -> None:
        self.highlight(message.key)

    def highlight(self, key: str | None) -> None:
        """Show this key's entry; None: there is none, but perhaps a node."""
        self.shown = key
        if not self.furnished:
            return
        self.services.show_entry(key)
        if key is None:
            self.detail_pane.show(None, secret=False)
            self.detail_pane.say(self._of_node())

    def _of_node(self) -> Content | None:
        """What is to be known of the node under the cursor of a tree."""
        row = self.row
        if row is None or row.keys is None:
            return None
        name = (display_text(row.key, 400), "bold $primary")
        words = f"{format_count(row.keys, 'key')} in it\nl unfolds it, h folds it again"
        return Content.assemble(name, "\n", (words, "$quiet"))

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if self.is_about_chosen(message):
            self.highlight(None)

    def on_entry_read(self, message: messages.EntryRead) -> None:
        if self.answers and message.key == self.shown:
            self.detail_pane.show(message.entry, secret=self.services.is_secret(message.key))
            if len(self.app.screen_stack) > 1:
                from sloth_tui.tui.dialogs.edit import EditScreen

                if isinstance(self.app.screen, EditScreen):
                    self.app.screen.hear(message.key, message.entry)

    def on_history_wanted(self, message: messages.HistoryWanted) -> None:
        self.services.detail.show_history(message.key, message.size)

    def on_history_read(self, message: messages.HistoryRead) -> None:
        if self.answers and message.key == self.shown:
            self.detail_pane.show_history(message.key, message.revisions, more=message.more)
