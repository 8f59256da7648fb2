"""The Files view: choose a Lua file, see its source, choose tasks and values, and run it."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text, format_count
from sloth_tui.tui.actions import by_id, is_offered, key_of, shown_key
from sloth_tui.tui.run_screen.files.answers import Answers
from sloth_tui.tui.run_screen.files.choosing.chooser import Chooser
from sloth_tui.tui.run_screen.files.choosing.tree import shown_path
from sloth_tui.tui.run_screen.files.form.changing import Changing
from sloth_tui.tui.run_screen.files.form.command_line import Target, copied_line, shown_line
from sloth_tui.tui.run_screen.files.form.form_view import FormView, form_rows
from sloth_tui.tui.run_screen.files.form.state import FormState
from sloth_tui.tui.run_screen.files.open_file import OpenFile
from sloth_tui.tui.run_screen.files.source import SourceView
from sloth_tui.tui.run_screen.files.tasks import TaskList, TasksView
from sloth_tui.tui.run_screen.messages import RunAsked
from sloth_tui.tui.run_screen.view import RunView
from sloth_tui.tui.services.task_files import make_request
from sloth_tui.tui.widgets.tab_strip import Tab, TabStrip

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Resize

    from sloth_tui.tui.services import Services
    from sloth_tui.tui.ui_state import UiStateFile

    class Keeper(Protocol):
        """The part of the app that remembers."""

        @property
        def ui_state(self) -> UiStateFile: ...


_LOOK_SECONDS = 1.0
"""Between two looks whether the file has changed on disk."""
_ONE_PANE_CELLS = 76
"""Below this width one side is shown at a time."""
_TABS = {"source": "Source", "tasks": "Tasks", "values": "Values"}
_MODES: dict[str, tuple[str, ...]] = {"run": (), "check": ("--check",), "diff": ("--check", "--diff")}
"""What can be asked for -> its options."""


class FilesView(RunView):
    """The chooser at the left, the file at the right, the command line of it all at the bottom."""

    DEFAULT_CSS = """
    FilesView .side {
        border: round $edge; border-title-color: $foreground; border-subtitle-color: $quiet; padding: 0 1;
        &:focus-within { border: round $primary; border-title-color: $primary; border-title-style: bold; }
        &:focus-within:nocolor { border: heavy $primary; }
    }
    FilesView #files-sides { height: 1fr; }
    FilesView #choose { width: 34%; min-width: 26; max-width: 48; }
    FilesView #file { width: 1fr; }
    FilesView #file-tabs { height: 1; }
    FilesView #file-note {
        height: auto; max-height: 3; display: none; color: $warning;
        &.shown { display: block; }
        &.bad { color: $error; }
    }
    FilesView #file-parts { height: 1fr; }
    FilesView #files-command { height: auto; max-height: 4; padding: 0 1; color: $quiet; }
    FilesView.one #choose { width: 1fr; max-width: 100%; }
    FilesView.one.at-file #choose, FilesView.one.at-choose #file { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,shift+tab", "other_side", "Other side", show=False),
    ]

    def __init__(self, services: Services, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(services, id=id)
        self._answers = Answers(self)
        self._slow = Answers(self, most=1)
        self._secret_words = tuple(services.settings.secret_segments)
        self._file: OpenFile | None = None
        self._opened = False
        """True if the file on the right was opened, not only looked at."""
        self._agent = services.agent
        self._line: int | None = None
        """The line to go to once its source is shown."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="files-sides"):
            with Vertical(classes="side", id="choose") as side:
                side.border_title = "Choose"
                yield Chooser(_here(), self._answers, id="chooser")
            with Vertical(classes="side", id="file"):
                yield TabStrip(id="file-tabs")
                yield Static(id="file-note")
                with ContentSwitcher(initial="source", id="file-parts"):
                    yield SourceView(id="source")
                    yield TasksView(id="tasks")
                    yield FormView(id="values")
        yield Static(id="files-command")

    def on_mount(self) -> None:
        self.add_class("at-choose")
        self.chooser.set_recent(self._ui_state.now.recent)
        self.set_interval(_LOOK_SECONDS, self._look)
        self._draw_tabs()
        self._draw_command()

    @property
    def chooser(self) -> Chooser:
        return self.query_one(Chooser)

    @property
    def _ui_state(self) -> UiStateFile:
        return cast("Keeper", self.app).ui_state

    @property
    def _part(self) -> str:
        return str(self.query_one(ContentSwitcher).current)

    def entered(self) -> None:
        """Take the focus where it was; the agent may be another one now."""
        self.chooser.refresh_folders()
        if self._file is not None and self._agent != self.services.agent:
            self._file.read_values()
        self._agent = self.services.agent
        if self.has_class("at-file"):
            self._enter_part()
        else:
            self.chooser.files.focus()

    def show_file(self, file: str, line: int | None = None) -> None:
        """Choose this file, and show a line of it (from 1) if one is given."""
        self._show(os.path.abspath(file), None)
        self._line = line
        self._open("source" if line is not None else None)

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < _ONE_PANE_CELLS, "one")

    # The two sides.

    def action_other_side(self) -> None:
        if self.has_class("at-file"):
            self._go_to_side("choose")
            self.chooser.files.focus()
        else:
            self._enter_part()

    def on_descendant_focus(self) -> None:
        inside = self.query_one("#choose").has_focus_within
        self._go_to_side("choose" if inside else "file")

    def _go_to_side(self, side: str) -> None:
        self.set_class(side == "file", "at-file")
        self.set_class(side == "choose", "at-choose")

    def _enter_part(self) -> None:
        self._go_to_side("file")
        parts = {"source": SourceView, "tasks": TaskList, "values": FormView}
        self.query_one(parts[self._part]).focus()

    def _show_part(self, part: str) -> None:
        self.query_one(ContentSwitcher).current = part
        self._draw_tabs()
        self._enter_part()

    # Which file.

    def on_chooser_previewed(self, event: Chooser.Previewed) -> None:
        event.stop()
        if not isinstance(event, Chooser.Opened):
            self._show(event.path, event.example)

    def on_chooser_opened(self, event: Chooser.Opened) -> None:
        event.stop()
        self._show(event.path, event.example)
        self._open("tasks")

    def _show(self, path: str, example: str | None) -> None:
        """Put a file on the right."""
        file = path if example is not None else _as_given(path)
        if self._file is not None and self._file.state.file == file:
            return
        state = FormState(file, example)
        state.recall(self._ui_state.now.forms.get(path, {}))
        self._file = OpenFile(state, self.services, self._answers, self._slow, self._changed)
        self._opened, self._line = False, None
        self.query_one("#file").border_title = Content(display_text(example or shown_path(file), 200))
        self.query_one(SourceView).show([], afresh=True)
        tasks = self.query_one(TasksView)
        tasks.say("enter lists the tasks")
        tasks.choose(state.tasks, state.workflow)
        self._file.begin()
        self._changed("source")
        self._changed("form")

    def _open(self, part: str | None) -> None:
        """Take the file on the right: list its tasks, and go there."""
        file = self._file
        if file is None:
            return
        if not self._opened:
            self._opened = True
            path = os.path.abspath(file.state.file)
            self._ui_state.note(recent=self._ui_state.now.opened(path))
            self.chooser.set_recent(self._ui_state.now.recent)
            file.list_tasks()
        self._show_part(part or self._part)

    def _look(self) -> None:
        if self._file is not None and self.is_on_screen:
            self._file.look()

    def _changed(self, what: str) -> None:
        """Show what is known now of the file on the right."""
        file = self._file
        if file is None or not self.is_mounted:
            return
        if what == "source" and file.source is not None:
            source = self.query_one(SourceView)
            source.show(file.source.lines, afresh=False)
            if self._line is not None:
                source.go_to(self._line)
                self._line = None
        elif what == "colours":
            self.query_one(SourceView).colour(file.spans)
        elif what == "form":
            self.query_one(FormView).show(
                form_rows(file.state, file.values, self._secret_words, self.services.settings.grace)
            )
            self._draw_command()
        elif what == "tasks":
            self._show_tasks(file)
        self._draw_tabs()
        self._draw_note()

    def _show_tasks(self, file: OpenFile) -> None:
        tasks = self.query_one(TasksView)
        if file.tasks is not None:
            tasks.show(file.tasks)
        elif file.listing:
            tasks.say("reading the tasks …")
        elif file.problem is not None:
            tasks.say("its tasks are not known")

    # Words around it.

    def _draw_tabs(self) -> None:
        file, strip = self._file, self.query_one("#file-tabs", TabStrip)
        counts = {"tasks": "", "values": ""}
        if file is not None and file.tasks is not None and self._opened:
            counts["tasks"] = f"{len(file.tasks):,}"
        if file is not None:
            changed = len(file.state.edits) + len(file.state.lines)
            counts["values"] = f"{changed:,}•" if changed else ""
        strip.tabs = tuple(
            Tab(
                part,
                shown_key(by_id(f"show_{part}").key),
                name,
                f"screen.click('show_{part}')",
                counts.get(part, ""),
            )
            for part, name in _TABS.items()
        )
        strip.chosen = self._part

    def _draw_note(self) -> None:
        file = self._file
        note, words, bad = self.query_one("#file-note", Static), "", False
        if file is not None and file.source is not None and file.source.note:
            words, bad = file.source.note, not file.source.lines
        if file is not None and file.problem is not None and not file.listing and self._opened:
            words, bad = f"✗ {file.problem.words}", True
            if file.problem.line is not None:
                words += " · enter goes there" if self._part == "tasks" else ""
        note.update(Content(display_text(words, 400)))
        note.set_class(bool(words), "shown").set_class(bad, "bad")

    def _draw_command(self) -> None:
        line = self.query_one("#files-command", Static)
        file = self._file
        if file is None or not file.ready:
            line.update(Content("enter opens a file, / finds one" if file is None else ""))
            return
        text = shown_line(file.state.form(), self._target(), (), self._secret_words)
        line.update(Content.assemble(("$ ", "$primary"), display_text(text, 2000)))

    def _target(self) -> Target:
        return Target(self.services.agent, self.services.elsewhere)

    def _say(self, words: str, *, bad: bool = False) -> None:
        self.app.notify(display_text(words, 400), severity="error" if bad else "information", markup=False)

    # What a person chooses.

    def on_tasks_view_chosen(self, event: TasksView.Chosen) -> None:
        event.stop()
        if self._file is not None:
            self._file.state.tasks = list(self.query_one(TasksView).chosen)
            self._remember()

    def on_task_list_entered(self, event: TaskList.Entered) -> None:
        event.stop()
        file = self._file
        if file is None:
            return
        if event.task is None:
            if file.problem is not None and file.problem.line is not None:
                self._go_to_line(file.problem.line)
        elif os.path.basename(event.task.file) == os.path.basename(file.state.file):
            self._go_to_line(event.task.line)
        else:
            self._say(f"it is defined in {event.task.file}:{event.task.line}")

    def _go_to_line(self, line: int) -> None:
        self._show_part("source")
        self.call_after_refresh(self.query_one(SourceView).go_to, line)

    def on_form_view_change_asked(self, event: FormView.ChangeAsked) -> None:
        event.stop()
        if self._file is not None:
            file = self._file
            workflows = self.query_one(TasksView).workflows
            self._change(self._changing().change(event.row, file.state, file.values, workflows))

    def on_form_view_reset_asked(self, event: FormView.ResetAsked) -> None:
        event.stop()
        if self._file is not None:
            self._changing().reset(event.row, self._file.state)
            self._after_change()

    def _changing(self) -> Changing:
        return Changing(self.app, self._secret_words)

    def _change(self, work: Coroutine[object, object, bool]) -> None:
        async def change() -> None:
            if await work:
                self._after_change()

        self.run_worker(change(), group="form")

    def _after_change(self) -> None:
        file = self._file
        if file is not None:
            self.query_one(TasksView).choose(file.state.tasks, file.state.workflow)
            self._remember()
            file.read_values()

    def _remember(self) -> None:
        """Keep what was chosen for this file, and show the command line of it."""
        file = self._file
        if file is not None:
            path = os.path.abspath(file.state.file)
            kept = file.state.remembered(self._secret_words)
            self._ui_state.note(forms=self._ui_state.now.with_form(path, kept))
            self._draw_command()
            self._draw_tabs()

    # Actions.

    def action_find_file(self) -> None:
        self._go_to_side("choose")
        self.chooser.find()

    def action_show_part(self, part: str) -> None:
        self._show_part(part)
        self._draw_note()

    def action_refresh_files(self) -> None:
        self.chooser.refresh_folders()
        if self._file is not None:
            self._file.begin()

    def action_choose_all(self) -> None:
        if self._part == "tasks":
            self.query_one(TasksView).choose_all()

    def action_choose_values(self) -> None:
        if self._file is not None:
            self._change(self._changing().values_file(self._file.state))

    def action_set_value(self) -> None:
        if self._file is not None:
            self._change(self._changing().line(self._file.state))

    def action_edit_file(self) -> None:
        from sloth_tui.tui.external.programs import Lender, edit_file

        file = self._file
        if file is None or not is_offered("edit_file"):
            return
        source = self.query_one(SourceView)
        try:
            edit_file(cast("Lender", self.app), file.state.file, source.cursor + 1 if source.lines else None)
        except SlothError as error:
            self._say(error.message, bad=True)
        file.look()

    def action_copy_run(self) -> None:
        if self._file is None or not self._file.ready:
            self._say("no file is chosen")
            return
        self.run_worker(self._copy(self._file), group="copy")

    async def _copy(self, file: OpenFile) -> None:
        from sloth_tui.tui.external.clipboard import Clipboard

        try:
            line = copied_line(file.state.form(), self._target(), self._mode(), self._secret_words)
            note = await Clipboard(self.app, self.services.settings.copy_command).put(line.text)
        except SlothError as error:
            self._say(error.message, bad=True)
            return
        words = f"copied {display_text(line.text, 100)}"
        if line.variables:
            count = format_count(len(line.variables), "secret is", "secrets are")
            words += f" · {count} not in it: first set {', '.join(line.variables)}"
        self._say(f"{words} · {note}" if note else words)

    def _mode(self) -> tuple[str, ...]:
        """Return the options of what can be asked for here: with ``--read-only`` a check."""
        return _MODES["check"] if self.services.read_only else ()

    def action_ask_run(self, mode: str) -> None:
        """Ask for a run, or a check; of a file that is only looked at, list the tasks first."""
        file = self._file
        if file is None or not file.ready:
            self._say("no file is chosen")
        elif mode == "run" and self.services.read_only:
            self._say(f"started with --read-only: {key_of('check_file')} checks", bad=True)
        elif not self._opened:
            self._open("tasks")
        else:
            form, agent, settings = file.state.form(), self.services.agent, self.services.settings
            line = shown_line(form, self._target(), _MODES[mode], self._secret_words)
            work = partial(make_request, form, agent, settings, check=mode != "run", diff=mode == "diff")
            self._answers.ask(
                "request",
                work,
                lambda request: self.post_message(RunAsked(request, line)),
                lambda error: self._say(error.message, bad=True),
            )


def _here() -> str:
    """Return the directory in which relative paths begin; the home directory if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return os.path.expanduser("~")


def _as_given(path: str) -> str:
    """Return a path as a person here would give it: relative to this directory if it is below it."""
    inside = path.removeprefix(_here().rstrip("/") + "/")
    return os.path.join(".", inside) if inside.startswith("-") else inside
