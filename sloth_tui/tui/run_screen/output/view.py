"""The output of a run: its lines, with a search, a filter and a line that says what is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.scrollbar import ScrollBar, ScrollDown, ScrollTo, ScrollUp
from textual.widgets import ContentSwitcher, Static

from sloth_tui.text import format_count
from sloth_tui.tui.run_screen.copying import copy_text, page_whole
from sloth_tui.tui.run_screen.messages import KeyWanted, SourceWanted
from sloth_tui.tui.run_screen.output.changes_view import ChangesView
from sloth_tui.tui.run_screen.output.find_bar import FILTER, SEARCH, FindBar
from sloth_tui.tui.run_screen.output.finding import TooSlow
from sloth_tui.tui.run_screen.output.lines_view import LinesView
from sloth_tui.tui.run_screen.output.painted import shown_text
from sloth_tui.tui.run_screen.output.searching import search
from sloth_tui.tui.run_screen.output.selection import Scope
from sloth_tui.tui.run_screen.output.status import describe_changes, describe_earlier, describe_state
from sloth_tui.tui.services.run_output.buffer import OutputBuffer
from sloth_tui.tui.services.run_output.lines import INDENT, KeyLink, SourceLink, source_path

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.tui.run_screen.output.finding import Wanted

_REST_SECONDS = 0.005
"""Time between two parts of the output that are looked at: keys come first."""
_TOO_SLOW = "this regular expression takes too long, and was given up"


class OutputView(Vertical):
    """Shows what a run says and changes. Whoever feeds the buffer calls :meth:`grow` when there is more.

    Posts KeyWanted for a key, and SourceWanted for a line of source, that are chosen.
    """

    DEFAULT_CSS = """
    OutputView { height: 1fr; }
    OutputView > ContentSwitcher { height: 1fr; }
    OutputView .output-body { height: 1fr; }
    OutputView .output-body > ScrollBar { width: 1; height: 1fr; }
    OutputView .output-note { height: 1; color: $quiet; text-wrap: nowrap; text-overflow: ellipsis; }
    OutputView .output-earlier { display: none; color: $warning; }
    OutputView .output-earlier.some { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._scope = Scope()
        self._looks = False
        """True while lines are looked at for the filter."""

    def compose(self) -> ComposeResult:
        yield Static(classes="output-note output-earlier")
        with ContentSwitcher(initial="lines"):
            with Horizontal(classes="output-body", id="lines"):
                lines = LinesView()
                yield lines
                yield ScrollBar(vertical=True, thickness=1)
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
        self._scope = Scope()
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
        self._rescope(self._scope._replace(task=task, host=host))

    @property
    def scope(self) -> Scope:
        """What is shown of the output."""
        return self._scope

    def _rescope(self, scope: Scope) -> None:
        if scope != self._scope:
            self._scope = scope
            self.lines.select(scope)
            self._look()

    def _look(self) -> None:
        """Look at a part of what is new, and soon at the next."""
        try:
            more = self.lines.grow()
        except TooSlow:
            self.app.notify(_TOO_SLOW, severity="warning", markup=False)
            self._rescope(self._scope._replace(wanted=None))
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
        paging, selection = lines.paging, lines.paging.selection
        bar = self.query_one(ScrollBar)
        fits = selection.count <= paging.height and not paging.top_place
        bar.window_virtual_size = selection.count
        bar.window_size = 0 if fits else min(paging.height, selection.count - 1)
        bar.position = min(paging.top_place, max(selection.count - paging.height, 0))
        state = self.query_one(".output-state", Static)
        width = state.size.width
        if self.shows_changes:
            state.update(describe_changes(self.changes.count, width), layout=False)
        else:
            state.update(describe_state(lines, self._scope, width), layout=False)
        earlier = self.query_one(".output-earlier", Static)
        some = bool(lines.buffer.first or lines.buffer.left_out)
        earlier.set_class(some, "some")
        if some:
            earlier.update(describe_earlier(lines.buffer, earlier.size.width), layout=False)

    # The scroll bar.

    def on_scroll_to(self, message: ScrollTo) -> None:
        if message.y is not None:
            message.stop()
            self.lines.paging.put_top(round(message.y))
            self.lines.redraw()

    def on_scroll_up(self, message: ScrollUp) -> None:
        message.stop()
        self.lines.action_walk_page(-1)

    def on_scroll_down(self, message: ScrollDown) -> None:
        message.stop()
        self.lines.action_walk_page(1)

    # What is looked for.

    def action_search_output(self) -> None:
        """Let a person type what to search for."""
        self._show_lines()
        self.query_one(FindBar).ask(SEARCH, self.lines.marked)

    def action_filter_output(self) -> None:
        """Let a person type which lines to show."""
        self._show_lines()
        self.query_one(FindBar).ask(FILTER, self._scope.wanted)

    @on(FindBar.Changed)
    def _look_for(self, message: FindBar.Changed) -> None:
        message.stop()
        if message.kind == FILTER:
            self._rescope(self._scope._replace(wanted=message.wanted))
        self._mark(message.kind, message.wanted)

    def _mark(self, kind: str, wanted: Wanted | None) -> None:
        if kind == SEARCH or wanted is None or not wanted.inverse:
            self.lines.mark(wanted)

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
        if self.lines.marked is None:
            self.action_search_output()
        else:
            self.run_worker(self._search(by, here=here), group="search", exclusive=True)

    async def _search(self, by: int, *, here: bool) -> None:
        try:
            place = await search(self.lines, by, here=here)
        except TooSlow:
            self.lines.mark(None)
            self.app.notify(_TOO_SLOW, severity="warning", markup=False)
            return
        if place is None:
            self.app.notify("not found", markup=False)
        else:
            self.lines.paging.go_to_place(place)
            self.lines.redraw()

    # What a person does with it.

    def action_follow_output(self) -> None:
        """Follow the end, or stay here."""
        paging = self.lines.paging
        if paging.follows:
            paging.pause()
        else:
            paging.end()
        self.lines.redraw()

    def action_wrap_output(self) -> None:
        """Wrap long lines, or cut them."""
        self.lines.wrap(wraps=not self.lines.wraps)

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
            self._describe()
        else:
            self.query_one(ContentSwitcher).current = "changes"
            self.changes.grow()
            self.screen.set_focus(self.changes)
            self._describe()

    def _show_lines(self) -> None:
        self.query_one(ContentSwitcher).current = "lines"

    @on(LinesView.Chosen)
    def _choose(self, message: LinesView.Chosen) -> None:
        message.stop()
        self._go_to(message.line.link)

    @on(ChangesView.Chosen)
    def _choose_change(self, message: ChangesView.Chosen) -> None:
        message.stop()
        self._go_to(KeyLink(message.key))

    def _go_to(self, link: KeyLink | SourceLink | None) -> None:
        started = self.lines.buffer.started
        if isinstance(link, KeyLink) and started is not None:
            self.post_message(KeyWanted(started.agent, link.key))
        elif isinstance(link, SourceLink):
            file = source_path(link, started)
            self.post_message(SourceWanted(file, link.line))
