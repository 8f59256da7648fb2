"""The History view: the runs that are kept."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, Static

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.operations.common import Operations
from sloth_tui.tui.run_screen.copying import copy_text
from sloth_tui.tui.run_screen.history.again import request_of
from sloth_tui.tui.run_screen.history.run_list import RunList
from sloth_tui.tui.run_screen.history.run_table import command_of, describe, describe_list, searched_text
from sloth_tui.tui.run_screen.messages import RunAsked, RunWanted, SourceWanted
from sloth_tui.tui.run_screen.view import RunView
from sloth_tui.tui.widgets.no_relayout import NoRelayoutInput

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.worker import WorkType

    from sloth_tui.runs.model import Run
    from sloth_tui.tui.operations.run_history import RunHistoryOperations
    from sloth_tui.tui.services.run_history import RunHistory

_AGAIN_SECONDS = 2.0
"""Time between two looks at what is kept, while it is on screen: other programs run files too."""


class HistoryView(RunView):
    """Lists the runs that are kept, with what is known of the one under the cursor.

    Posts RunWanted for one that is to be shown, RunAsked for one that is run again, and SourceWanted for its
    file.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave_filter", "Clear the filter", show=False),
    ]

    def compose(self) -> ComposeResult:
        yield NoRelayoutInput(
            id="kept-filter", placeholder="file, agent, result or command line", select_on_focus=False
        )
        yield Static(id="kept-heading")
        yield RunList(id="kept-list")
        yield Static(id="kept-none")
        yield Static(id="kept-details")
        yield Static(id="kept-state")

    def on_mount(self) -> None:
        self._all: list[Run] = []
        self.known = False
        """True once the list was read."""
        self._problem = ""
        """Why the runs that are kept cannot be read; empty if they can."""
        self._history: RunHistory | None = None
        self.set_interval(_AGAIN_SECONDS, self._look)
        self.reread()

    @property
    def runs(self) -> RunList:
        return self.query_one(RunList)

    @property
    def _field(self) -> Input:
        return self.query_one("#kept-filter", Input)

    @property
    def history(self) -> RunHistory:
        if self._history is None:
            from sloth_tui.tui.services.run_history import RunHistory

            self._history = RunHistory()
        return self._history

    @property
    def _operations(self) -> RunHistoryOperations:
        from sloth_tui.tui.operations.run_history import RunHistoryOperations

        return RunHistoryOperations(Operations(self.app, self.services), self.services, self.history)

    @property
    def chosen_run(self) -> Run | None:
        return self.runs.highlighted

    def entered(self) -> None:
        self.reread()
        self.screen.set_focus(self.runs)

    # What is listed.

    def reread(self) -> None:
        """Read the list anew: a run began or ended."""
        if self.is_mounted and self.display:
            read: WorkType[None] = self._reread  # no coroutine, which nobody would await while the app ends
            self.run_worker(read, group="kept runs", exclusive=True)

    def _look(self) -> None:
        if self.screen.is_current:
            self.reread()

    async def _reread(self) -> None:
        problem, runs = "", self._all
        try:
            runs = await asyncio.wrap_future(self.history.read())
        except SlothError as error:
            problem = error.message
        except (MemoryError, RuntimeError):  # no thread, for now
            problem = "The runs that are kept cannot be read now."
        if runs != self._all or problem != self._problem or not self.known:
            self._all, self._problem, self.known = runs, problem, True
            self._list()
        elif any(run.going for run in runs):
            self.runs.refresh()
            self._tell()

    def _list(self) -> None:
        words = self._words
        shown = [run for run in self._all if all(word in searched_text(run) for word in words)]
        self.set_class(not shown, "empty")
        if not shown:
            none = f"No run is kept yet. {key_of('view_files')} chooses a file to run."
            if self._all:
                none = "No run is like that."
            elif self._problem:
                none = display_text(self._problem)
            self.query_one("#kept-none", Static).update(Content(none))
        self.runs.show(shown)

    @property
    def _words(self) -> list[str]:
        return self._field.value.casefold().split()

    @on(RunList.Walked)
    def _tell(self) -> None:
        state = self.query_one("#kept-state", Static)
        filtered = self._field.value if self._words else ""
        amount, all_of_them = len(self.runs.lines), len(self._all)
        state.update(describe_list(amount, all_of_them, filtered, state.size.width), layout=False)
        self.query_one("#kept-heading", Static).update(self.runs.heading(), layout=False)
        run = self.runs.highlighted
        if run is not None:
            self.query_one("#kept-details", Static).update(describe(run, time.time()))

    # The filter.

    def action_filter_kept(self) -> None:
        """Let a person type which runs to list."""
        self._field.display = True
        self.screen.set_focus(self._field)  # at once: keys typed meanwhile are for the filter

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave()

    def action_leave_filter(self) -> None:
        if not self._field.display:
            self.screen.action_leave_runs()  # type: ignore[attr-defined]
            return
        self._field.value = ""
        self._leave()

    def _leave(self) -> None:
        self.screen.set_focus(self.runs)
        self._field.display = bool(self._field.value)

    # What a person does with a run.

    @on(RunList.Chosen)
    def _show(self, message: RunList.Chosen) -> None:
        message.stop()
        run = self.runs.highlighted
        if run is not None:
            self.post_message(RunWanted(run.id))

    def action_undo_run(self) -> None:
        """Take back what the run wrote to the state."""
        run = self._chosen()
        if run is not None:
            self._begin(self._operations.undo(run))

    def action_stop_run(self) -> None:
        """Ask the run to end."""
        run = self._chosen()
        if run is not None and not self.services.runs.stop(run.id):
            self._begin(self._operations.stop(run))

    def action_forget_run(self) -> None:
        """Remove what is kept of the run."""
        run = self._chosen()
        if run is not None:
            self._begin(self._operations.forget(run))

    def action_run_again(self) -> None:
        """Run the same once more; if its values are not known, show its file to set them."""
        run = self._chosen()
        if run is None:
            return
        request = request_of(run, self.services)
        if request is not None:
            self.post_message(RunAsked(request, run.command_line))
        else:
            self.app.notify("its values are not kept: set them, and run it from here", markup=False)
            self.post_message(SourceWanted(run.file))

    def action_open_source(self) -> None:
        """Show the file of the run."""
        run = self._chosen()
        if run is not None:
            self.post_message(SourceWanted(run.file))

    def action_copy_kept(self) -> None:
        """Copy the command line of the run."""
        run = self._chosen()
        if run is not None:
            self.run_worker(copy_text(self, command_of(run), "the command line"))

    def _chosen(self) -> Run | None:
        run = self.runs.highlighted
        if run is None:
            self.app.notify("no run is chosen", markup=False)
        return run

    def _begin(self, flow: Coroutine[object, object, None]) -> None:
        self.run_worker(self._guarded(flow), group="changes")

    async def _guarded(self, flow: Coroutine[object, object, None]) -> None:
        try:
            await flow
        except SlothError as error:
            Operations(self.app, self.services).show_error(error)
        self.reread()
