"""The detail pane: the entry under the cursor, with its value, history and information in tabs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from sloth_tui.masking import MASK
from sloth_tui.text import display_text, format_age, format_left, format_size
from sloth_tui.tui.actions import is_offered, key_of
from sloth_tui.tui.messages import HistoryRequested
from sloth_tui.tui.widgets.detail.history_view import HistoryView, RevisionList
from sloth_tui.tui.widgets.detail.info_view import InfoView
from sloth_tui.tui.widgets.detail.plot import NumberPlot, find_points
from sloth_tui.tui.widgets.detail.value_view import ValueView
from sloth_tui.tui.widgets.no_relayout import NoRelayoutStatic
from sloth_tui.tui.widgets.pane import HostedPane
from sloth_tui.tui.widgets.tab_strip import Tab, TabStrip
from sloth_tui.values.codec import as_number

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.model import Entry, Revision
    from sloth_tui.tui.widgets.cursor_view import CursorView

_NOTHING = "No key is chosen."
_KEY_LIMIT = 400
_AGE_REFRESH_SECONDS = 5.0
"""Between two redraws of ages."""
_COUNTDOWN_SECONDS = 1.0
"""Between two redraws of what an entry has to live."""
_TABS = (("value", "V", "Value"), ("history", "H", "History"), ("info", "I", "Info"))


class DetailPane(HostedPane):
    """Shows key, type, size and age of an entry, and one of three tabs."""

    SCOPED_CSS = False
    DEFAULT_CSS = """
    #detail-pane.nothing > * { display: none; }
    #detail-pane.nothing > .empty { display: block; }
    #detail-facts { height: auto; max-height: 10; text-overflow: ellipsis; }
    #detail-tabs { height: 1; margin: 1 0; text-wrap: nowrap; text-overflow: ellipsis; }
    .-narrow #detail-tabs, .-single #detail-tabs { margin: 0; }
    #detail-value { height: 1fr; }
    #detail-pane.plotted #detail-value { height: 2; }
    #detail-plot { height: 1fr; max-height: 14; display: none; }
    #detail-pane.plotted #detail-plot { display: block; }
    #detail-history { height: 1fr; layout: vertical; &.beside { layout: horizontal; } }
    #revisions { height: 1fr; }
    #comparison { height: 1fr; border-top: solid $edge; }
    .low #revisions { max-height: 3; }
    .low #revision-facts { max-height: 1; }
    .beside #revisions { max-height: 100%; }
    .beside #comparison { width: 1fr; height: 1fr; border-top: none; border-left: solid $edge; }
    .beside #comparison { padding-left: 1; }
    #revision-facts { height: auto; max-height: 4; }
    #difference { height: 1fr; }
    #detail-info { height: 1fr; scrollbar-size-vertical: 1; }
    #info-lines { height: auto; }
    """

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id, classes="nothing")
        self._entry: Entry | None = None
        self._secret = False
        self._revealed = False
        self._tab = "value"
        self._wanted: tuple[str, int] | None = None
        """The key and value size whose history was requested."""
        self._history: list[Revision] | None = None
        """The revisions of the key on screen, newest first; None until read."""
        self._more = False
        self._words = Content(_NOTHING)
        """The text shown without an entry."""
        self._missing = ""
        """A note on the part of the value that is not shown."""

    def compose_body(self) -> ComposeResult:
        yield Static(_NOTHING, classes="empty")
        yield NoRelayoutStatic(id="detail-facts")
        yield TabStrip(id="detail-tabs")
        yield ValueView(id="detail-value")
        yield NumberPlot(id="detail-plot")
        yield HistoryView(id="detail-history")
        yield InfoView(id="detail-info")

    def on_loaded(self) -> None:
        self.set_interval(_AGE_REFRESH_SECONDS, self._age)
        self._countdown = self.set_interval(_COUNTDOWN_SECONDS, self._draw_facts, pause=True)
        self.choose("value")

    @property
    def entry(self) -> Entry | None:
        return self._entry

    @property
    def tab(self) -> str:
        """``value``, ``history`` or ``info``."""
        return self._tab

    @property
    def revision(self) -> Revision | None:
        """The revision under the cursor of the history, if that is on screen."""
        shown = self._entry is not None and self._tab == "history" and self._history is not None
        return self.query_one(RevisionList).highlighted if shown else None

    @property
    def hidden(self) -> bool:
        """True if the value is masked."""
        return self._secret and not self._revealed

    def show(self, entry: Entry | None, *, secret: bool) -> None:
        """Show this entry; None: there is none. A ``secret`` value is masked until revealed, and again when
        the cursor moves to another key."""
        if entry is not None and entry == self._entry and secret == self._secret:
            self._draw_facts()
            return
        if entry is None or self._entry is None or entry.key != self._entry.key:
            self._revealed = False
            self._history = None
        self._entry, self._secret = entry, secret
        if entry is not None and entry.expires_at is not None:
            self._countdown.resume()
        else:
            self._countdown.pause()
        self._want_history()
        self._draw()

    def say(self, words: Content | None) -> None:
        """Set the text shown without an entry; None: the default."""
        words = words or Content(_NOTHING)
        if not words.is_same(self._words):
            self._words = words
            self.query_one(".empty", Static).update(words, layout=False)

    def show_history(self, key: str, revisions: list[Revision], *, more: bool) -> None:
        """Show the revisions of ``key``, newest first; ``more``: there are older ones."""
        if self._entry is not None and key == self._entry.key and revisions != self._history:
            self._history, self._more = revisions, more
            self._draw_history()

    def choose(self, tab: str) -> None:
        """Show ``value``, ``history`` or ``info``; if the pane has the focus, it moves along."""
        focused = self.has_focus_within
        self._tab = tab
        for name in ("value", "history", "info"):
            self.query_one(f"#detail-{name}").display = name == tab
        for widget in (self.query_one(ValueView), self.query_one(RevisionList), self.query_one(InfoView)):
            widget.set_class(widget is self.main, "main")
        self._want_history()
        self._draw()
        if focused:
            self.main.focus()

    @property
    def main(self) -> ValueView | InfoView | CursorView:
        """The widget that takes the focus in the current tab."""
        if self._tab == "history":
            return self.query_one(RevisionList)
        return self.query_one(InfoView) if self._tab == "info" else self.query_one(ValueView)

    def toggle_secret(self) -> bool:
        """Reveal a masked value, or mask it again; return False if there is none."""
        if self._entry is None or not self._secret:
            return False
        self._revealed = not self._revealed
        self._draw()
        return True

    def mark_revision(self) -> None:
        """Mark the revision under the cursor to compare others with it, or unmark it."""
        self.query_one(RevisionList).mark()

    def fold_all(self, *, unfold: bool = False) -> None:
        self.query_one(ValueView).fold_all(unfold=unfold)

    def _want_history(self) -> None:
        """Request the history if it is shown: as a list, a plot or a count."""
        entry = self._entry
        wanted = None
        if entry is not None and (self._tab != "value" or as_number(entry.value) is not None):
            wanted = (entry.key, entry.size)
        if wanted != self._wanted:
            self._wanted = wanted
            self.post_message(HistoryRequested(*wanted) if wanted else HistoryRequested(None))

    def _draw(self) -> None:
        self.set_class(self._entry is None, "nothing")
        view = self.query_one(ValueView)
        if self._entry is None:
            view.show(None)
        elif self.hidden:
            view.say([MASK, "", f"masked, {key_of('reveal')} reveals it"])
        self._missing = "" if self._entry is None or self.hidden else view.show(self._entry)
        self._draw_facts()
        self._draw_history()

    def _say_missing(self) -> None:
        """Note what is not shown of the value or history and, if it fits, how to see it."""
        note, way = "", ""
        if self._tab == "value":
            all_of_it = f"{key_of('page_value')} shows" if is_offered("page_value") else "state get prints"
            note, way = self._missing, f"{all_of_it} all"
        elif self._tab == "history" and self._more and self._history is not None:
            note, way = f"the newest {len(self._history):,}", "state history lists all"
        whole = f"{note} · {way}"
        self.entitle(note=whole if note and len(whole) <= self.size.width else note)

    def _draw_facts(self) -> None:
        if self._entry is not None:
            self.query_one("#detail-facts", Static).update(draw_facts(self._entry, time.time()))

    def _draw_history(self) -> None:
        count = "" if self._history is None else f"{len(self._history):,}{'+' if self._more else ''}"
        strip = self.query_one(TabStrip)
        strip.chosen = self._tab
        strip.tabs = tuple(
            Tab(name, key, title, f"screen.click('{name}_tab')", count if name == "history" else "")
            for name, key, title in _TABS
        )
        numbers = [] if self._tab != "value" or self.hidden else find_points(self._history or [])
        self.set_class(self.query_one(NumberPlot).show(numbers), "plotted")
        if self._tab == "history" and self._entry is not None and self._history is not None:
            self.query_one(HistoryView).show(self._entry.key, self._history, hidden=self.hidden)
        if self._tab == "info":
            self.query_one(InfoView).show(self._entry, self._history, secret=self._secret, more=self._more)
        self._say_missing()

    def _age(self) -> None:
        """Redraw the ages."""
        self._draw_facts()
        if self._tab == "history" and self._history is not None:
            self.query_one(HistoryView).redraw()
        elif self._tab == "info":
            self._draw_history()


def draw_facts(entry: Entry, now: float) -> Content:
    """Return the key and, in a second line, type, size and age."""
    return Content.assemble(
        (display_text(entry.key, _KEY_LIMIT), "bold $primary"),
        "\n",
        (entry.type, "$accent"),
        (f" · {format_size(entry.size)} · {format_age(entry.updated_at, now)}", "$quiet"),
        *([(f" · {format_left(entry.expires_at, now)} left", "$warning")] if entry.expires_at else []),
    )
