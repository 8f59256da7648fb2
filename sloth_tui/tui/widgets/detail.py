"""The entry under the cursor."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from sloth_tui.text import display_text, format_age, format_size
from sloth_tui.tui.secrets import MASK
from sloth_tui.tui.widgets.line_view import LineView
from sloth_tui.tui.widgets.pane import LatePane
from sloth_tui.tui.widgets.value_text import highlight, value_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.model import Entry

_KEY_LIMIT = 400
_AGE_PERIOD = 5.0
"""Seconds between two looks at how long ago the entry changed."""


class ValueView(LineView):
    """The lines of one value."""

    def show(self, lines: list[str], kind: str) -> None:
        """Show harmless ``lines`` of a value of type ``kind``."""
        self._kind = kind
        self.set_lines(lines)

    def paint(self, number: int) -> Content:
        return highlight(self.lines[number], self._kind)


class DetailPane(LatePane):
    """Key, type, size, times and revision of an entry, and its value as what it is."""

    NUMBER = 3
    NAME = "Detail"

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._entry: Entry | None = None
        self._secret = False
        self._revealed = False

    def furniture(self) -> ComposeResult:
        yield Static("No key is chosen.", classes="empty")
        yield Static(id="detail-facts")
        yield ValueView(id="detail-value")

    def furnished(self) -> None:
        self.set_interval(_AGE_PERIOD, self._draw_facts)
        self.show(None, secret=False)

    @property
    def entry(self) -> Entry | None:
        return self._entry

    @property
    def hidden(self) -> bool:
        """Whether the value is masked."""
        return self._secret and not self._revealed

    def show(self, entry: Entry | None, *, secret: bool) -> None:
        """Show this entry; None: there is none. A ``secret`` value stays masked until revealed, and is
        masked again when the cursor comes to another key."""
        if entry is None or self._entry is None or entry.key != self._entry.key:
            self._revealed = False
            self.query_one(ValueView).scroll_home(animate=False)
        self._entry, self._secret = entry, secret
        self._draw()

    def toggle_secret(self) -> bool:
        """Reveal a masked value, or mask it again; returns whether there is a secret to do so with."""
        if self._entry is None or not self._secret:
            return False
        self._revealed = not self._revealed
        self._draw()
        return True

    def _draw(self) -> None:
        self.set_class(self._entry is None, "nothing")
        view = self.query_one(ValueView)
        if self._entry is None:
            self.entitle()
            view.show([], "string")
            return
        note = ""
        if self.hidden:
            view.show([MASK, "", "masked, x reveals it"], "string")
        else:
            lines, note = value_lines(self._entry.value, self._entry.size)
            view.show(lines, self._entry.type)
        self._draw_facts()
        self.entitle(note=note)

    def _draw_facts(self) -> None:
        if self._entry is not None:
            self.query_one("#detail-facts", Static).update(facts(self._entry, time.time()))


def facts(entry: Entry, now: float) -> Content:
    """What is known of an entry besides its value, in four lines or more."""
    revision = "" if entry.revision is None else f"   revision {entry.revision:,}"
    return Content.assemble(
        (display_text(entry.key, _KEY_LIMIT), "bold $primary"),
        "\n",
        (entry.type, "$accent"),
        (f"   {format_size(entry.size)}{revision}", "$quiet"),
        "\n",
        ("updated ", "$quiet"),
        format_age(entry.updated_at, now),
        ("\ncreated ", "$quiet"),
        format_age(entry.created_at, now),
    )
