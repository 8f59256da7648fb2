"""The Files view: choose a Lua file, see its source, choose tasks and values, and run it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.actions import is_offered, key_of
from sloth_tui.tui.run_screen.files.answers import Answers
from sloth_tui.tui.run_screen.files.choosing.chooser import Chooser
from sloth_tui.tui.run_screen.files.file_side import FileSide
from sloth_tui.tui.run_screen.files.form.state import FormState
from sloth_tui.tui.run_screen.files.open_file import OpenFile
from sloth_tui.tui.run_screen.files.outside import copy, edit, say
from sloth_tui.tui.run_screen.messages import RunAsked
from sloth_tui.tui.run_screen.paths import absolute, as_given, current_directory
from sloth_tui.tui.run_screen.view import RunView

if TYPE_CHECKING:
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
_COMMAND_CHARACTERS = 2000


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
        self._agent = services.agent

    def compose(self) -> ComposeResult:
        with Horizontal(id="files-sides"):
            with Vertical(classes="side", id="choose") as side:
                side.border_title = "Choose"
                yield Chooser(current_directory(), self._answers, id="chooser")
            yield FileSide(self._secret_words, id="file")
        yield Static(Content("enter opens a file, / finds one"), id="files-command")

    def on_mount(self) -> None:
        self.add_class("at-choose")
        self.chooser.set_recent(self._ui_state.now.recent)
        self.set_interval(_LOOK_SECONDS, self._look)

    @property
    def chooser(self) -> Chooser:
        return self.query_one(Chooser)

    @property
    def side(self) -> FileSide:
        return self.query_one(FileSide)

    @property
    def _file(self) -> OpenFile | None:
        return self.side.file

    @property
    def _ui_state(self) -> UiStateFile:
        return cast("Keeper", self.app).ui_state

    def entered(self) -> None:
        """Take the focus where it was; the agent may be another one now."""
        self.chooser.refresh_folders()
        if self._file is not None and self._agent != self.services.agent:
            self._file.read_values()
        self._agent = self.services.agent
        if self.has_class("at-file"):
            self.side.enter()
        else:
            self.screen.set_focus(self.chooser.files)

    def show_file(self, file: str, line: int | None = None) -> None:
        """Choose this file, and show a line of it (from 1) if one is given."""
        self._show(absolute(file), None)
        self._open(self.side.part)
        if line is not None:
            self.side.go_to_line(line)

    # The two sides.

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width < _ONE_PANE_CELLS, "one")

    def on_descendant_focus(self) -> None:
        self._go_to_side("choose" if self.query_one("#choose").has_focus_within else "file")

    def _go_to_side(self, side: str) -> None:
        """Have one of the sides on screen if there is no room for both."""
        self.set_class(side == "file", "at-file").set_class(side == "choose", "at-choose")

    def action_other_side(self) -> None:
        if self.has_class("at-file"):
            self._go_to_side("choose")
            self.screen.set_focus(self.chooser.files)
        else:
            self._go_to_side("file")
            self.side.enter()

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
        given = path if example is not None else as_given(path)
        if self._file is not None and self._file.state.file == given:
            return
        state = FormState(given, example)
        state.recall(self._ui_state.now.forms.get(path, {}))
        file = OpenFile(state, self.services, self._answers, self._slow, self._changed)
        self.side.show(file)
        file.begin()
        self._draw_command()

    def _open(self, part: str) -> None:
        """Take the file on the right: list its tasks, and go there."""
        file = self._file
        if file is None:
            return
        if not file.wants_tasks:
            recent = self._ui_state.now.opened(absolute(file.state.file))
            self._ui_state.note(recent=recent)
            self.chooser.set_recent(recent)
            file.list_tasks()
        self._go_to_side("file")
        self.side.show_part(part)

    def _look(self) -> None:
        if self._file is not None and self.screen.is_current and self.is_on_screen:
            self._file.look()

    def _changed(self, what: str) -> None:
        if self.is_mounted:
            self.side.changed(what)
            if what == "form":
                self._draw_command()

    def on_file_side_chosen(self, event: FileSide.Chosen) -> None:
        """Keep what was chosen for this file, and show the command line of it."""
        event.stop()
        if self._file is not None:
            kept = self._file.state.remembered(self._secret_words)
            self._ui_state.note(forms=self._ui_state.now.with_form(absolute(self._file.state.file), kept))
            self._draw_command()

    def _draw_command(self) -> None:
        line, file = self.query_one("#files-command", Static), self._file
        if file is not None and file.ready:
            text = display_text(file.command_line(()), _COMMAND_CHARACTERS)
            line.update(Content.assemble(("$ ", "$primary"), text))
        else:
            line.update(Content(""))

    # Actions.

    def action_find_file(self) -> None:
        self._go_to_side("choose")
        self.chooser.find()

    def action_show_part(self, part: str) -> None:
        self._go_to_side("file")
        self.side.show_part(part)

    def action_refresh_files(self) -> None:
        self.chooser.refresh_folders()
        if self._file is not None:
            self._file.begin()

    def action_choose_all(self) -> None:
        self.side.choose_all()

    def action_choose_values(self) -> None:
        if self._file is not None:
            self.side.change(self.side.changing.values_file(self._file.state))

    def action_set_value(self) -> None:
        if self._file is not None:
            self.side.change(self.side.changing.line(self._file.state))

    def action_edit_file(self) -> None:
        if self._file is not None and is_offered("edit_file"):
            edit(self.app, self._file.state.file, self.side.line)
            self._file.look()

    def action_copy_run(self) -> None:
        if self._file is None or not self._file.ready:
            say(self.app, "no file is chosen")
            return
        try:
            line = self._file.copied_line(("--check",) if self.services.read_only else ())
        except SlothError as error:
            say(self.app, f"{error.message}: {error.hint}", bad=True)
            return
        self.run_worker(copy(self.app, line, self.services.settings.copy_command), group="copy")

    def action_ask_run(self, mode: str) -> None:
        """Ask for a run, or a check; of a file that is only looked at, list the tasks first."""
        file = self._file
        if file is None or not file.ready:
            say(self.app, "no file is chosen")
        elif mode == "run" and self.services.read_only:
            say(self.app, f"started with --read-only: {key_of('check_file')} checks", bad=True)
        elif not file.wants_tasks:
            self._open("tasks")
        else:
            options = {"run": (), "check": ("--check",), "diff": ("--check", "--diff")}[mode]
            line = file.command_line(options)
            self._answers.ask(
                "request",
                partial(file.request_for(), check=mode != "run", diff=mode == "diff"),
                lambda request: self.post_message(RunAsked(request, line)),
                lambda error: say(self.app, error.message, bad=True),
            )
