"""Actions on the entry under the cursor: its tabs, and changes of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sloth_tui.text import format_count
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.browser.acting import Acting

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sloth_tui.tui.operations.entries import EntryFlows
    from sloth_tui.tui.widgets.detail.detail import DetailPane


class DetailActions(Acting):
    """Part of the browser; see :class:`sloth_tui.tui.browser.commands.CommandScreen`."""

    _entries: EntryFlows | None = None

    @property
    def detail(self) -> DetailPane:
        return self.detail_pane

    def action_value_tab(self) -> None:
        self._show_tab("value")

    def action_history_tab(self) -> None:
        self._show_tab("history")

    def action_info_tab(self) -> None:
        self._show_tab("info")

    def _show_tab(self, tab: str) -> None:
        """The same key again leads into the tab."""
        again = self.detail.tab == tab
        self.detail.choose(tab)
        if again or "detail" not in self.in_sight:
            self.action_show_pane("detail")

    def action_reveal(self) -> None:
        if not self.detail.toggle_secret():
            self.flows.tell("there is nothing masked here")
        elif "detail" not in self.in_sight:
            self.action_show_pane("detail")

    def action_compare_revision(self) -> None:
        if self.detail.revision is None:
            self._want_revision()
        else:
            self.detail.body.mark_revision()

    def action_fold_all(self) -> None:
        if self.detail.entry is not None:
            self.detail.body.fold_all()

    def action_unfold_all(self) -> None:
        if self.detail.entry is not None:
            self.detail.body.fold_all(unfold=True)

    @property
    def entries(self) -> EntryFlows:
        """Loaded when an entry is first changed."""
        if self._entries is None:
            from sloth_tui.tui.operations.entries import EntryFlows

            self._entries = EntryFlows(self.app, self.flows, self.services)
        return self._entries

    def action_edit_value(self) -> None:
        key = self._open_key()
        if key is not None:
            self._change(self.entries.edit(key))

    def action_edit_outside(self) -> None:
        key = self._open_key()
        if key is not None:
            self._change(self.entries.edit_outside(key))

    def action_page_value(self) -> None:
        key = self._open_key()
        if key is not None:
            self._look(self.entries.page(key))

    def action_change_type(self) -> None:
        key = self._open_key()
        if key is not None:
            self._change(self.entries.retype(key))

    def action_rename_key(self) -> None:
        key = self._one_key()
        if key is not None:
            self._change_and_go(partial(self.entries.rename, key))

    def action_duplicate_key(self) -> None:
        key = self._one_key()
        if key is not None:
            self._change_and_go(partial(self.entries.duplicate, key))

    def action_new_key(self) -> None:
        self._change_and_go(partial(self.entries.create, first_segment(self.key or "")))

    def action_restore_revision(self) -> None:
        self._change(self._restore())

    async def _restore(self) -> None:
        detail = self.detail
        entry, revision = detail.entry, detail.revision
        if entry is None or revision is None:
            self._want_revision()
        else:
            await self.entries.restore(entry, revision, hidden=detail.hidden)

    def _want_revision(self) -> None:
        self.flows.tell(f"first choose a revision in the history, {key_of('history_tab')} shows it")

    def _change_and_go(self, flow: Callable[[], Coroutine[object, object, str | None]]) -> None:
        """Run a flow that changes something, and go to the key it answers."""

        async def change() -> None:
            key = await flow()
            if key:
                self.go_to_key(key)

        self._change(change())

    def _one_key(self) -> str | None:
        """The key under the cursor, unless others are marked; otherwise says what is in the way."""
        key, chosen = self.key, self.chosen_keys
        if chosen not in ([], [key]):
            marked = format_count(len(chosen), "key is", "keys are")
            self.flows.tell(
                f"{marked} marked: this works on one key at a time, {key_of('step_back')} unmarks"
            )
            return None
        if key is None:
            self.flows.tell("no key is chosen")
        return key

    def _open_key(self) -> str | None:
        """The key under the cursor, unless its value is masked; otherwise says what is in the way."""
        key, detail = self._one_key(), self.detail
        if key is None:
            return None
        revealed = detail.entry is not None and detail.entry.key == key and not detail.hidden
        if self.services.is_secret(key) and not revealed:
            self.flows.tell(f"the value is masked, {key_of('reveal')} reveals it")
            return None
        return key


def first_segment(key: str) -> str:
    """``deploy:`` of ``deploy:version``; the whole key where it has no segments."""
    for place, character in enumerate(key):
        if character in ":/":
            return key[: place + 1]
    return key
