"""Actions on the entry under the cursor: its tabs, and changes of it."""

from __future__ import annotations

from sloth_tui.tui.screens.acting import ActingScreen
from sloth_tui.tui.widgets.detail import DetailPane


class DetailActions(ActingScreen):
    """Part of the browser; see :class:`sloth_tui.tui.screens.commands.CommandScreen`."""

    @property
    def detail(self) -> DetailPane:
        return self.query_one(DetailPane)

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
        if again or not self.detail.display:
            self.action_show_pane("detail")

    def action_reveal(self) -> None:
        if not self.detail.toggle_secret():
            self.flows.tell("there is nothing masked here")

    def action_edit_value(self) -> None:
        key = self._open_key()
        if key is not None:
            self._change(self.flows.edit(key))

    def action_new_key(self) -> None:
        async def create() -> None:
            key = await self.flows.create(first_segment(self.key or ""))
            if key:
                self.go_to_key(key)

        self._change(create())

    def _open_key(self) -> str | None:
        """The key under the cursor, unless its value is masked; otherwise says what is in the way."""
        if self.key is None:
            self.flows.tell("no key is chosen")
        elif self.detail.hidden:
            self.flows.tell("the value is masked, x reveals it")
        else:
            return self.key
        return None


def first_segment(key: str) -> str:
    """``deploy:`` of ``deploy:version``; the whole key where it has no segments."""
    for place, character in enumerate(key):
        if character in ":/":
            return key[: place + 1]
    return key
