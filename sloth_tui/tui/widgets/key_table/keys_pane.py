"""The Keys pane: the filter, the key table, and a text in place of an empty table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from sloth_tui.text import display_text
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from sloth_tui.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

_MESSAGE_LIMIT = 600


class KeysPane(Pane):
    """The pane in the middle of the browser."""

    def __init__(
        self,
        number: int,
        name: str,
        is_secret: Callable[[str], bool],
        *,
        id: str,  # noqa: A002  # theirs
    ) -> None:
        super().__init__(number, name, id=id)
        self._is_secret = is_secret
        self._count = self._marked = ""

    def compose(self) -> ComposeResult:
        yield FilterBar(id="filter")
        yield KeyTable(id="table", classes="main")
        yield Static(id="keys-words", classes="empty")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(KeyTable).is_secret = self._is_secret

    def count(self, shown: int, total: int | None, *, complete: bool) -> None:
        """Show how many keys match, of ``total`` (None: unknown); not ``complete``: more may follow."""
        of_all = "" if total is None or total == shown else f" of {total:,}"
        self._entitle(f"{shown:,}{'' if complete else '…'}{of_all}")

    def mark(self, count: int, *, choosing: bool) -> None:
        """Show how many keys are marked; ``choosing``: a range is being chosen."""
        self._marked = f"{count:,} marked" if count else ""
        if choosing:
            self._marked += ", v ends the range"
        self._entitle(self._count)

    def say(self, words: Content | None) -> None:
        """Show a text in place of the table; None: show the table."""
        self.set_class(words is not None, "nothing")
        if words is not None:
            self.query_one("#keys-words", Static).update(words)

    def fail(self, message: str, hint: str | None) -> None:
        """Show why the keys cannot be read."""
        self._entitle("")
        self.say(
            Content.assemble(
                ("✗ " + display_text(message, _MESSAGE_LIMIT), "$error"),
                ("\n" + display_text(hint, _MESSAGE_LIMIT) if hint else "", "$quiet"),
            )
        )

    def _entitle(self, count: str) -> None:
        self._count = count
        asked = self.query_one(KeyTable).asked
        order = "" if asked.sort == "key" else f"by {asked.sort} {'▼' if asked.descending else '▲'}"
        self.entitle(count, " · ".join(note for note in (self._marked, order) if note))
