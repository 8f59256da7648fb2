"""The detail pane: the entry under the cursor. Its contents are loaded when they are mounted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.widgets.pane import Pane

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.content import Content

    from sloth_tui.model import Entry, Revision
    from sloth_tui.tui.widgets.detail.detail_body import DetailBody


class DetailPane(Pane):
    """Shows an entry by :class:`sloth_tui.tui.widgets.detail.detail_body.DetailBody`."""

    NUMBER = 3
    NAME = "Detail"

    _body: DetailBody | None = None

    def compose_body(self) -> ComposeResult:
        from sloth_tui.tui.widgets.detail.detail_body import DetailBody

        yield DetailBody(lambda note: self.entitle(note=note))

    def on_loaded(self) -> None:
        from sloth_tui.tui.widgets.detail.detail_body import DetailBody

        self._body = self.query_one(DetailBody)
        self._body.begin()

    @property
    def body(self) -> DetailBody:
        """The contents of the pane; only once they are mounted."""
        assert self._body is not None
        return self._body

    @property
    def entry(self) -> Entry | None:
        return None if self._body is None else self._body.entry

    @property
    def tab(self) -> str:
        """``value``, ``history`` or ``info``."""
        return "value" if self._body is None else self._body.tab

    @property
    def revision(self) -> Revision | None:
        """The revision under the cursor of the history, if that is on screen."""
        return None if self._body is None else self._body.revision

    @property
    def hidden(self) -> bool:
        """True if the value is masked."""
        return self._body is not None and self._body.hidden

    def show(self, entry: Entry | None, *, secret: bool) -> None:
        self.body.show(entry, secret=secret)

    def say(self, words: Content | None) -> None:
        """Set the text shown without an entry; None: the default."""
        self.body.say(words)

    def show_history(self, key: str, revisions: list[Revision], *, more: bool) -> None:
        self.body.show_history(key, revisions, more=more)

    def choose(self, tab: str) -> None:
        """Show a tab, if the contents are mounted."""
        if self._body is not None:
            self._body.choose(tab)

    def toggle_secret(self) -> bool:
        """Reveal a masked value, or mask it again; return False if there is none."""
        return self._body is not None and self._body.toggle_secret()
