"""The entry under the cursor of the key table: its tabs, and changes to it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.operations.common import EntryFeed
from sloth_tui.values.codec import first_segment

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sloth_tui.tui import messages
    from sloth_tui.tui.browser.context import Context
    from sloth_tui.tui.operations.entries import EntryOperations


class EntryController(Controller):
    """Handles the detail pane."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._detailed = ""
        """The agent whose entries the detail pane shows."""
        self._feed = EntryFeed()
        self._entry_operations: EntryOperations | None = None

    def on_store_opened(self, message: messages.StoreOpened) -> None:
        """Mask secrets again: the same key of another agent is another entry."""
        if self.context.is_about_chosen(message) and message.agent != self._detailed:
            self._detailed = message.agent
            if self.lazy.loaded:
                self.lazy.detail.show(None, secret=False)

    def on_store_failed(self, message: messages.StoreFailed) -> None:
        if self.context.is_about_chosen(message):
            self._show(None)

    def on_panes_loaded(self, message: messages.PanesLoaded) -> None:
        self._show(self.context.shown)

    def on_row_highlighted(self, message: messages.RowHighlighted) -> None:
        self._show(message.key)

    def on_entry_read(self, message: messages.EntryRead) -> None:
        if self.context.answers and message.key == self.context.shown:
            self.lazy.detail.show(message.entry, secret=self.services.is_secret(message.key))
            self._feed.publish(message.key, message.entry)

    def on_history_requested(self, message: messages.HistoryRequested) -> None:
        self.services.detail.show_history(message.key, message.size)

    def on_history_read(self, message: messages.HistoryRead) -> None:
        if self.context.answers and message.key == self.context.shown:
            self.lazy.detail.show_history(message.key, message.revisions, more=message.more)

    def _show(self, key: str | None) -> None:
        """Show this key's entry; None: there is none, or a node."""
        self.context.shown = key
        if not self.lazy.loaded:
            return
        self.services.show_entry(key)
        if key is None:
            self.lazy.detail.show(None, secret=False)
            self.lazy.detail.say(self._of_node())

    def _of_node(self) -> Content | None:
        """Return the text about the tree node under the cursor, if there is one."""
        row = self.context.row
        if row is None or row.keys is None:
            return None
        name = (display_text(row.key, 400), "bold $primary")
        words = f"{format_count(row.keys, 'key')} in it\nl unfolds it, h folds it again"
        return Content.assemble(name, "\n", (words, "$quiet"))

    def action_value_tab(self) -> None:
        self._show_tab("value")

    def action_history_tab(self) -> None:
        self._show_tab("history")

    def action_info_tab(self) -> None:
        self._show_tab("info")

    def _show_tab(self, tab: str) -> None:
        """Show a tab; if it is shown already, focus it."""
        again = self.lazy.detail.tab == tab
        self.lazy.detail.choose(tab)
        if again or "detail" not in self.panes.in_sight:
            self.panes.show("detail")

    def action_reveal(self) -> None:
        if not self.lazy.detail.toggle_secret():
            self.operations.notify("there is nothing masked here")
        elif "detail" not in self.panes.in_sight:
            self.panes.show("detail")

    def action_compare_revision(self) -> None:
        if self.lazy.detail.revision is None:
            self._want_revision()
        else:
            self.lazy.detail.mark_revision()

    def action_fold_all(self) -> None:
        if self.lazy.detail.entry is not None:
            self.lazy.detail.fold_all()

    def action_unfold_all(self) -> None:
        if self.lazy.detail.entry is not None:
            self.lazy.detail.fold_all(unfold=True)

    @property
    def _about_entry(self) -> EntryOperations:
        """The operations on entries, loaded on first use."""
        if self._entry_operations is None:
            from sloth_tui.tui.operations.entries import EntryOperations

            self._entry_operations = EntryOperations(
                self.screen.app, self.operations, self.services, self._feed
            )
        return self._entry_operations

    def action_edit_value(self) -> None:
        key = self._open_key()
        if key is not None:
            self.workers.change(self._about_entry.edit(key))

    def action_edit_outside(self) -> None:
        key = self._open_key()
        if key is not None:
            self.workers.change(self._about_entry.edit_outside(key))

    def action_page_value(self) -> None:
        key = self._open_key()
        if key is not None:
            self.workers.look(self._about_entry.page(key))

    def action_change_type(self) -> None:
        key = self._open_key()
        if key is not None:
            self.workers.change(self._about_entry.retype(key))

    def action_limit_key(self) -> None:
        key = self._one_key()
        if key is not None:
            self.workers.change(self._about_entry.limit(key))

    def action_rename_key(self) -> None:
        key = self._one_key()
        if key is not None:
            self._change_and_go(partial(self._about_entry.rename, key))

    def action_duplicate_key(self) -> None:
        key = self._one_key()
        if key is not None:
            self._change_and_go(partial(self._about_entry.duplicate, key))

    def action_new_key(self) -> None:
        self._change_and_go(partial(self._about_entry.create, first_segment(self.context.key or "")))

    def action_restore_revision(self) -> None:
        self.workers.change(self._restore())

    async def _restore(self) -> None:
        detail = self.lazy.detail
        entry, revision = detail.entry, detail.revision
        if entry is None or revision is None:
            self._want_revision()
        else:
            await self._about_entry.restore(entry, revision, hidden=detail.hidden)

    def _want_revision(self) -> None:
        self.operations.notify(f"first choose a revision in the history, {key_of('history_tab')} shows it")

    def _change_and_go(self, flow: Callable[[], Coroutine[object, object, str | None]]) -> None:
        """Run an operation that changes something, and go to the key it returns."""

        async def change() -> None:
            key = await flow()
            if key:
                self.context.go_to_key(key)

        self.workers.change(change())

    def _one_key(self) -> str | None:
        """Return the key under the cursor. If others are marked or there is none, say so and return None."""
        key, chosen = self.context.key, self.context.chosen_keys
        if chosen not in ([], [key]):
            marked = format_count(len(chosen), "key is", "keys are")
            self.operations.notify(
                f"{marked} marked: this works on one key at a time, {key_of('step_back')} unmarks"
            )
            return None
        if key is None:
            self.operations.notify("no key is chosen")
        return key

    def _open_key(self) -> str | None:
        """Return the key under the cursor, unless there is none or its value is masked: then say so."""
        key, detail = self._one_key(), self.lazy.detail
        if key is None:
            return None
        revealed = detail.entry is not None and detail.entry.key == key and not detail.hidden
        if self.services.is_secret(key) and not revealed:
            self.operations.notify(f"the value is masked, {key_of('reveal')} reveals it")
            return None
        return key
