"""The Run view: the run that goes on, or ended last, and the other runs of this session."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.widgets import Static

from sloth_tui.errors import SlothError
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.run_screen.live.again import command_for, request_again, request_for_failed
from sloth_tui.tui.run_screen.live.status import locks_line, status_of
from sloth_tui.tui.run_screen.live.switcher import RunSwitcher
from sloth_tui.tui.run_screen.live.task_table import TaskTable
from sloth_tui.tui.run_screen.messages import RunAsked, SourceWanted
from sloth_tui.tui.run_screen.output.view import OutputView
from sloth_tui.tui.run_screen.view import RunView
from sloth_tui.tui.services.run_output.lines import find_source

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Resize
    from textual.worker import WorkType

    from sloth_tui.model import Lock
    from sloth_tui.runs.model import Run
    from sloth_tui.tui.services.runs.watched import WatchedRun

_TICK_SECONDS = 1.0
_LOOK_TICKS = 2
"""Seconds between two looks at locks, and for runs that were started elsewhere."""
_MOST_TABLE_SHARE = 0.4
_FRAMED_LINES = 24
"""Height of the view from which its parts have frames."""


class LiveView(RunView):
    """Shows a run: its tasks, its output, what it changed."""

    def compose(self) -> ComposeResult:
        nothing = (
            f"Nothing runs. {key_of('view_files')} chooses a file, {key_of('view_kept')} has earlier runs."
        )
        yield Static(Content(nothing).stylize("$quiet"), id="live-status")
        yield RunSwitcher(id="live-runs")
        yield Static(id="live-locks")
        tasks = TaskTable(id="live-tasks")
        tasks.border_title = "Tasks"
        yield tasks
        yield OutputView(id="output")

    def on_mount(self) -> None:
        self.run: WatchedRun | None = None
        """The run that is shown."""
        self._locks: list[Lock] = []
        self._locks_at = 0.0
        self._ticks = 0
        self.set_interval(_TICK_SECONDS, self._tick)
        self.add_class("nothing")

    @property
    def chosen_run(self) -> Run | None:
        return None if self.run is None else self.run.now

    def entered(self) -> None:
        self.services.runs.look()
        self.list_runs()
        self.screen.set_focus(self.query_one(TaskTable))
        self.call_after_refresh(self._grow)

    def on_resize(self, event: Resize) -> None:
        self._fit_table()

    # What is told of runs.

    def began(self, id: str) -> None:  # noqa: A002  # as everywhere else
        """Show a run that was asked for."""
        run = self.services.runs.by_id(id)
        if run is not None and self.is_mounted:
            self.show_run(run)

    def progressed(self, id: str) -> None:  # noqa: A002
        """Show what a run has to say."""
        if self.is_mounted and self.run is not None and self.run.id == id and self.display:
            self._grow()

    def ended(self, id: str) -> None:  # noqa: A002
        """Show how a run ended."""
        if self.is_mounted:
            self.progressed(id)
            self.list_runs()

    def list_runs(self) -> None:
        """Show which runs there are now."""
        if self.is_mounted:
            runs = self.services.runs
            if self.run is None and runs.all:
                self.show_run(runs.newest or runs.all[-1])
            self.query_one(RunSwitcher).show(runs.all, "" if self.run is None else self.run.id)

    def show_run(self, run: WatchedRun) -> None:
        """Show this run."""
        self.remove_class("nothing")
        self.run, self._locks = run, []
        self.query_one(OutputView).show(run.output)
        self.query_one(TaskTable).show(run)
        self._grow()
        self.list_runs()
        self._ticks = _LOOK_TICKS - 1  # at the next tick, and not while it begins

    def step(self, by: int) -> None:
        """Show the next run, or one before."""
        runs = self.services.runs.all
        if not runs:
            return
        at = next((place for place, run in enumerate(runs) if run is self.run), 0)
        self.show_run(runs[(at + by) % len(runs)])

    def _grow(self) -> None:
        self.query_one(TaskTable).grow()
        self.query_one(OutputView).grow()
        self._fit_table()
        self._describe()

    def _fit_table(self) -> None:
        """Give the tasks as many lines as they need, up to a share of all."""
        table, framed = self.query_one(TaskTable), self.size.height >= _FRAMED_LINES
        if self.run is not None and self.run.going and len(table.lines) == 1:
            return  # its tasks are not known yet: the room of the run before will do
        self.set_class(framed, "framed")
        self._name_output()
        most = max(int(self.size.height * _MOST_TABLE_SHARE), 2)
        height = max(min(len(table.lines), most), 1) + 2 * framed
        if table.styles.height is None or table.styles.height.value != height:
            table.styles.height = height

    @on(OutputView.Switched)
    def _name_output(self) -> None:
        output = self.query_one(OutputView)
        title = "Changes" if output.shows_changes else "Output"
        # An edge without corners leaves no room beside its title.
        output.border_title = title if self.has_class("framed") else f" {title} "

    def _tick(self) -> None:
        if not self.display or not self.screen.is_current:
            return
        self._ticks += 1
        if self._ticks % _LOOK_TICKS == 0:
            self.services.runs.look()
            self._look_for_locks()
        if self.run is not None:
            self._describe()
            if self.run.going:
                self.query_one(TaskTable).refresh()

    def _describe(self) -> None:
        if self.run is not None:
            self.query_one("#live-status", Static).update(status_of(self.run, time.time()), layout=False)
        line = self.query_one("#live-locks", Static)
        held = self._locks if self.run is not None and self.run.going else []
        line.display = bool(held)
        if held:
            line.update(locks_line(held, self._locks_at), layout=False)

    def _look_for_locks(self) -> None:
        if self.run is not None and self.run.going and not self.run.run.check:
            read: WorkType[None] = partial(self._read_locks, self.run)
            self.run_worker(read, group="locks of a run", exclusive=True)

    async def _read_locks(self, run: WatchedRun) -> None:
        try:
            locks = await asyncio.wrap_future(self.services.locks_of(run))
        except SlothError:  # the output says what is wrong with the store
            locks = []
        if self.run is run:
            self._locks, self._locks_at = locks, time.monotonic()
            self._describe()

    # What is chosen.

    @on(TaskTable.Chosen)
    def _filter(self, chosen: TaskTable.Chosen) -> None:
        chosen.stop()
        task = chosen.task
        output = self.query_one(OutputView)
        output.show_only(None) if task is None else output.show_only(task.task, task.host)

    @on(TaskTable.Entered)
    def _open(self, entered: TaskTable.Entered) -> None:
        """Show the line of the file at which a task failed; else go to its output."""
        entered.stop()
        source = find_source(None if entered.task is None else entered.task.error)
        if source is None or self.run is None:
            self.screen.focus_next()
        else:
            self.post_message(SourceWanted(_path_of(source.file, self.run.run.file), source.line))

    # Actions.

    def action_stop_run(self) -> None:
        """Ask the run to end; the second time, kill it."""
        if self.run is None or not self.services.runs.stop(self.run.id):
            self.app.notify("this run has ended" if self.run else "nothing is running")
        self._describe()

    def action_run_again(self) -> None:
        """Run the same once more."""
        if self.run is not None:
            try:
                request = request_again(self.run)
            except SlothError as error:
                self._say(error)
            else:
                self.post_message(RunAsked(request, self.run.run.command_line))

    def action_run_failed(self) -> None:
        """Run what failed once more."""
        if self.run is not None:
            try:
                request, said = request_for_failed(self.run)
            except SlothError as error:
                self._say(error)
            else:
                self.app.notify(said, markup=False)
                line = command_for(self.run.run.command_line, request.tasks)
                self.post_message(RunAsked(request, line))

    def _say(self, error: SlothError) -> None:
        text = error.message if error.hint is None else f"{error.message}\n{error.hint}"
        self.app.notify(text, severity="warning", markup=False)


def _path_of(named: str, file: str) -> str:
    """Return the path of a file that an error names, maybe without its folder."""
    return file if os.path.basename(named) == os.path.basename(file) else named
