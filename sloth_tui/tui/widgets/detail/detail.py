"""The pane of the entry under the cursor. What is in it is loaded when it is furnished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sloth_tui.tui.widgets.pane import LatePane

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.content import Content

    from sloth_tui.model import Entry, Revision
    from sloth_tui.tui.widgets.detail.detail_body import DetailBody


class DetailPane(LatePane):
    """An entry with its value, its history and what is known of it; see
    :class:`sloth_tui.tui.widgets.detail.detail_body.DetailBody`."""

    NUMBER = 3
    NAME = "Detail"

    _body: DetailBody | None = None

    def furniture(self) -> ComposeResult:
        from sloth_tui.tui.widgets.detail.detail_body import DetailBody

        yield DetailBody(lambda note: self.entitle(note=note))

    def furnished(self) -> None:
        from sloth_tui.tui.widgets.detail.detail_body import DetailBody

        self._body = self.query_one(DetailBody)
        self._body.begin()

    @property
    def body(self) -> DetailBody:
        """There only once the pane is furnished."""
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
        """The revision under the cursor of the history, where that is on screen."""
        return None if self._body is None else self._body.revision

    @property
    def hidden(self) -> bool:
        """Whether the value is masked."""
        return self._body is not None and self._body.hidden

    def show(self, entry: Entry | None, *, secret: bool) -> None:
        self.body.show(entry, secret=secret)

    def say(self, words: Content | None) -> None:
        """What is said where no entry is shown; None: that no key is chosen."""
        self.body.say(words)

    def show_history(self, key: str, revisions: list[Revision], *, more: bool) -> None:
        self.body.show_history(key, revisions, more=more)

    def choose(self, tab: str) -> None:
        """Show a tab, once there are any."""
        if self._body is not None:
            self._body.choose(tab)

    def toggle_secret(self) -> bool:
        """Reveal a masked value, or mask it again; returns whether there is a secret to do so with."""
        return self._body is not None and self._body.toggle_secret()
