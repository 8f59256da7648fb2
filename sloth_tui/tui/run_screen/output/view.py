"""The output of a run: its lines, with a search, a filter and a line that says what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import ContentSwitcher, Static

from sloth_tui.text import format_count
from sloth_tui.tui.run_screen.copying import copy_text, page_whole
from sloth_tui.tui.run_screen.messages import message_for
from sloth_tui.tui.run_screen.output.body import OutputBody
from sloth_tui.tui.run_screen.output.changes_view import ChangesView
from sloth_tui.tui.run_screen.output.find_bar import FILTER, SEARCH, FindBar
from sloth_tui.tui.run_screen.output.finding import TooSlow
from sloth_tui.tui.run_screen.output.lines_view import LinesView
from sloth_tui.tui.run_screen.output.painted import shown_text
from sloth_tui.tui.run_screen.output.searching import say_too_slow, search
from sloth_tui.tui.run_screen.output.selection import Scope
from sloth_tui.tui.run_screen.output.status import describe_changes, describe_earlier, describe_state
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from sloth_tui.tui.services.run_output.lines import INDENT, KeyLink

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.tui.services.run_output.lines import Link


_REST_SECONDS = 0.005
"""Time between two parts of the output that are looked at: keys come first."""


class OutputView(Vertical):
    """Shows what a run says and changes. Whoever feeds the buffer calls :meth:`grow` when there is more.

    Posts KeyWanted for a key, and SourceWanted for a line of source, that are chosen.
    """

    DEFAULT_CSS = """
    OutputView { height: 1fr; }
    OutputView > ContentSwitcher { height: 1fr; }
    OutputView .output-note { height: 1; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }
    OutputView .output-earlier { display: none; color: $warning; }
    OutputView .output-earlier.some { display: block; }
    """

    class Switched(Message):
        """The changes are shown now, or the lines."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self.scope = Scope()
        self._looks = False
        """True while lines are looked at for the filter."""

    def compose(self) -> ComposeResult:
        yield Static(classes="output-note output-earlier")
        lines = LinesView()
        with ContentSwitcher(initial="lines"):
            yield OutputBody(lines, id="lines")
            yield ChangesView(id="changes")
        yield FindBar(lines)
        yield Static(classes="output-note output-state")

    def on_mount(self) -> None:
        self._describe()

    @property
    def lines(self) -> LinesView:
        return self.query_one(LinesView)

    @property
    def changes(self) -> ChangesView:
        return self.query_one(ChangesView)

    @property
    def shows_changes(self) -> bool:
        """True if the changes are shown, and not the lines."""
        return self.query_one(ContentSwitcher).current == "changes"

    # What is shown.

    def show(self, buffer: OutputBuffer | None) -> None:
        """Show the output of another run, from its end; None: of none."""
        self.scope = Scope()
        self.lines.show(OutputBuffer() if buffer is None else buffer)
        self.changes.show(self.lines.buffer)
        self.grow()

    def grow(self) -> None:
        """Show what the buffer has got since. It costs the same however much that is."""
        if not self.is_mounted:
            return
        self._look()
        if self.shows_changes:
            self.changes.grow()

    def show_only(self, task: str | None, host: str | None = None) -> None:
        """Show what a task says, for one of its hosts if one is given; None: what all of them say."""
        self._rescope(self.scope._replace(task=task, host=host))

    def _rescope(self, scope: Scope) -> None:
        if scope != self.scope:
            self.scope = scope
            self.lines.select(scope)
            self._look()

    def _look(self) -> None:
        """Look at a part of what is new, and soon at the next."""
        try:
            more = self.lines.grow()
        except TooSlow:
            say_too_slow(self)
            self._rescope(self.scope._replace(wanted=None))
            return
        if more and not self._looks:
            self._looks = True
            self.set_timer(_REST_SECONDS, self._look_on)

    def _look_on(self) -> None:
        self._looks = False
        self._look()

    @on(LinesView.Moved)
    def _describe(self) -> None:
        lines = self.lines
        state, earlier = (self.query_one(name, Static) for name in (".output-state", ".output-earlier"))
        if self.shows_changes:
            state.update(describe_changes(self.changes.count, state.size.width), layout=False)
        else:
            state.update(describe_state(lines, self.scope, state.size.width), layout=False)
        words = describe_earlier(lines.buffer, earlier.size.width)
        earlier.set_class(words is not None, "some")
        if words is not None:
            earlier.update(words, layout=False)

    # What is looked for.

    def action_search_output(self) -> None:
        """Let a person type what to search for."""
        self._show_lines()
        self.query_one(FindBar).ask(SEARCH, self.lines.cache.marked)

    def action_filter_output(self) -> None:
        """Let a person type which lines to show."""
        self._show_lines()
        self.query_one(FindBar).ask(FILTER, self.scope.wanted)

    @on(FindBar.Changed)
    def _look_for(self, message: FindBar.Changed) -> None:
        message.stop()
        if message.kind == FILTER:
            self._rescope(self.scope._replace(wanted=message.wanted))
        if message.kind == SEARCH or message.wanted is None or not message.wanted.inverse:
            self.lines.mark(message.wanted)

    @on(FindBar.Left)
    def _leave_bar(self, message: FindBar.Left) -> None:
        message.stop()
        if message.kind == SEARCH and message.wanted is not None:
            self._find(1, here=True)

    def action_find_next(self) -> None:
        """Go to the next line with what is searched for."""
        self._find(1)

    def action_find_previous(self) -> None:
        """Go to the line before with what is searched for."""
        self._find(-1)

    def _find(self, by: int, *, here: bool = False) -> None:
        if self.lines.cache.marked is None:
            self.action_search_output()
        else:
            self.run_worker(search(self.lines, by, here=here), group="search", exclusive=True)

    # What a person does with it.

    def action_follow_output(self) -> None:
        """Follow the end, or stay here."""
        self.lines.follow(follows=not self.lines.paging.follows)

    def action_wrap_output(self) -> None:
        """Wrap long lines, or cut them."""
        self.lines.wrap(wraps=not self.lines.cache.wraps)

    def action_copy_line(self) -> None:
        """Copy the line under the cursor."""
        if self.shows_changes:
            self._copy(self.changes.text, "the change")
        elif self.lines.line is not None:
            self._copy(shown_text(self.lines.line).removeprefix(INDENT), "the line")

    def action_copy_output(self) -> None:
        """Copy every line that is shown."""
        lines = self.changes.lines if self.shows_changes else map(shown_text, self.lines.all_lines())
        texts = [f"{line}\n" for line in lines]
        self._copy("".join(texts), format_count(len(texts), "line"))

    def _copy(self, text: str, what: str) -> None:
        self.run_worker(copy_text(self, text, what))

    def action_page_output(self) -> None:
        """Show all of the output in $PAGER."""
        page_whole(self, self.lines.buffer)

    def action_show_changes(self) -> None:
        """Show what the run changed, or its lines again."""
        if self.shows_changes:
            self._show_lines()
            self.screen.set_focus(self.lines)
        else:
            self.query_one(ContentSwitcher).current = "changes"
            self.post_message(self.Switched())
            self.changes.grow()
            self.screen.set_focus(self.changes)
        self._describe()

    def _show_lines(self) -> None:
        self.query_one(ContentSwitcher).current = "lines"
        self.post_message(self.Switched())

    @on(LinesView.Chosen)
    def _choose(self, message: LinesView.Chosen) -> None:
        message.stop()
        self._go_to(message.line.link)

    @on(ChangesView.Chosen)
    def _choose_change(self, message: ChangesView.Chosen) -> None:
        message.stop()
        self._go_to(KeyLink(message.key))

    def _go_to(self, link: Link | None) -> None:
        wanted = None if link is None else message_for(link, self.lines.buffer)
        if wanted is not None:
            self.post_message(wanted)
