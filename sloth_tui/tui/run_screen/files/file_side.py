"""The right side of the Files view: one file, its source, tasks and values."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import ContentSwitcher, Static

from sloth_tui.text import display_text
from sloth_tui.tui.run_screen.files.form.changing import Changing
from sloth_tui.tui.run_screen.files.form.form_view import FormView
from sloth_tui.tui.run_screen.files.outside import say
from sloth_tui.tui.run_screen.files.source import SourceView
from sloth_tui.tui.run_screen.files.tasks import TaskList, TasksView
from sloth_tui.tui.run_screen.paths import shown_path
from sloth_tui.tui.widgets.tab_strip import TabStrip, tabs_of

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from textual.app import ComposeResult

    from sloth_tui.tui.run_screen.files.open_file import OpenFile

_TABS = {"source": "Source", "tasks": "Tasks", "values": "Values"}
_FOCUSED = {"source": SourceView, "tasks": TaskList, "values": FormView}
_NOTE_CHARACTERS = 400


class FileSide(Vertical):
    """Shows a file in three parts, of which one is on screen, and lets a person change what is chosen."""

    DEFAULT_CSS = """
    FileSide #file-tabs { height: 1; }
    FileSide #file-note {
        height: auto; max-height: 3; display: none; color: $warning;
        &.shown { display: block; }
        &.bad { color: $error; }
    }
    FileSide #file-parts { height: 1fr; }
    """

    class Chosen(Message):
        """Something else is chosen for runs of the file."""

    def __init__(self, secret_words: tuple[str, ...], *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id, classes="side")
        self._secret_words = secret_words
        self.file: OpenFile | None = None
        self._line: int | None = None
        """The line to go to once the source is shown."""

    def compose(self) -> ComposeResult:
        yield TabStrip(id="file-tabs")
        yield Static(id="file-note")
        with ContentSwitcher(initial="source", id="file-parts"):
            yield SourceView(id="source")
            yield TasksView(id="tasks")
            yield FormView(id="values")

    def on_mount(self) -> None:
        self._draw_tabs()

    @property
    def part(self) -> str:
        """The part on screen: ``source``, ``tasks`` or ``values``."""
        return str(self.query_one(ContentSwitcher).current)

    @property
    def line(self) -> int | None:
        """The line of the cursor in the source, from 1."""
        source = self.query_one(SourceView)
        return source.cursor + 1 if source.lines else None

    def enter(self) -> None:
        """Take the focus."""
        self.screen.set_focus(self.query_one(_FOCUSED[self.part]))

    def show_part(self, part: str) -> None:
        """Bring a part on screen, and take the focus."""
        self.query_one(ContentSwitcher).current = part
        self._draw_tabs()
        self._draw_note()
        self.enter()

    def show(self, file: OpenFile) -> None:
        """Show another file. It has been read as soon as :meth:`changed` is told so."""
        self.file, self._line = file, None
        name = file.state.example or shown_path(file.state.file)
        self.border_title = Content(display_text(name, _NOTE_CHARACTERS))
        self.query_one(SourceView).show([], afresh=True)
        self.query_one(FormView).show([])
        tasks = self.query_one(TasksView)
        tasks.choose(file.state.tasks, file.state.workflow)
        tasks.say("enter lists the tasks")
        self._draw_tabs()
        self._draw_note()

    def go_to_line(self, line: int) -> None:
        """Show a line of the source, from 1, as soon as it is read."""
        self.show_part("source")
        self._line = line
        if self.file is not None and self.file.source is not None:
            self.call_after_refresh(self._go_to_line)

    def choose_all(self) -> None:
        """Choose each task, or none in particular."""
        if self.part == "tasks":
            self.query_one(TasksView).choose_all()

    def changed(self, what: str) -> None:
        """Show what is known now of the file: ``source``, ``colours``, ``form`` or ``tasks``."""
        file = self.file
        if file is None or not self.is_mounted:
            return
        if what == "source" and file.source is not None:
            self.query_one(SourceView).show(file.source.lines, afresh=False)
            self._go_to_line()
        elif what == "colours":
            self.query_one(SourceView).colour(file.spans)
        elif what == "form":
            self.query_one(FormView).show(file.rows)
        elif what == "tasks":
            self._show_tasks(file)
        self._draw_tabs()
        self._draw_note()

    def _go_to_line(self) -> None:
        if self._line is not None:
            self.query_one(SourceView).go_to(self._line)
            self._line = None

    def _show_tasks(self, file: OpenFile) -> None:
        tasks = self.query_one(TasksView)
        if file.tasks is not None:
            tasks.show(file.tasks)
        elif file.listing:
            tasks.say("reading the tasks …")
        elif file.problem is not None:
            tasks.say("its tasks are not known")

    def _draw_tabs(self) -> None:
        file, strip = self.file, self.query_one("#file-tabs", TabStrip)
        amounts = {}
        if file is not None:
            amounts["tasks"] = "" if file.tasks is None else f"{len(file.tasks):,}"
            changes = len(file.state.edits) + len(file.state.lines)
            amounts["values"] = f"{changes:,}•" if changes else ""
        strip.tabs = tabs_of("show", _TABS, amounts)
        strip.chosen = self.part

    def _draw_note(self) -> None:
        file = self.file
        note, words, bad = self.query_one("#file-note", Static), "", False
        if file is not None and file.source is not None and file.source.note:
            words, bad = file.source.note, not file.source.lines
        if file is not None and file.problem is not None and not file.listing:
            words, bad = f"✗ {file.problem.words}", True
            if file.problem.line is not None and self.part == "tasks":
                words += " · enter goes there"
        note.update(Content(display_text(words, _NOTE_CHARACTERS)))
        note.set_class(bool(words), "shown").set_class(bad, "bad")

    # What a person chooses.

    def on_tasks_view_chosen(self, event: TasksView.Chosen) -> None:
        event.stop()
        if self.file is not None:
            self.file.state.tasks = list(self.query_one(TasksView).chosen)
            self.post_message(self.Chosen())

    def on_task_list_entered(self, event: TaskList.Entered) -> None:
        event.stop()
        file, task = self.file, event.task
        if file is not None and task is None and file.problem is not None:
            if file.problem.line is not None:
                self.go_to_line(file.problem.line)
        elif file is not None and task is not None:
            if os.path.basename(task.file) == os.path.basename(file.state.file):
                self.go_to_line(task.line)
            else:
                say(self.app, f"it is defined in {task.file}:{task.line}")

    def on_form_view_change_asked(self, event: FormView.ChangeAsked) -> None:
        event.stop()
        if self.file is not None:
            workflows = self.query_one(TasksView).workflows
            self.change(self.changing.change(event.row, self.file.state, self.file.values, workflows))

    def on_form_view_reset_asked(self, event: FormView.ResetAsked) -> None:
        event.stop()
        if self.file is not None:
            self.changing.reset(event.row, self.file.state)
            self._after_change(self.file)

    @property
    def changing(self) -> Changing:
        """The dialogs that change the form."""
        return Changing(self.app, self._secret_words)

    def change(self, work: Coroutine[object, object, bool]) -> None:
        """Change the form; ``work`` returns False if it stayed as it was."""
        file = self.file

        async def change() -> None:
            if await work and file is not None:
                self._after_change(file)

        self.run_worker(change(), group="form")

    def _after_change(self, file: OpenFile) -> None:
        file.read_values()
        if file is self.file:
            self.query_one(TasksView).choose(file.state.tasks, file.state.workflow)
            self._draw_tabs()
            self.post_message(self.Chosen())
