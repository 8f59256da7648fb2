"""What the user's own commands print: one on the screen, the others a key away."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text, format_count
from sloth_tui.tui.actions import by_id
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.own_commands.command_line import command_line
from sloth_tui.tui.run_screen.output.painted import shown_text
from sloth_tui.tui.run_screen.output.view import OutputView
from sloth_tui.tui.run_screen.owners import OWNERS
from sloth_tui.tui.run_screen.view import RunView
from sloth_tui.tui.services.commands.outcome import outcome_of

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from sloth_tui.tui.external.programs import Lender
    from sloth_tui.tui.services import Services
    from sloth_tui.tui.services.commands.process import RunningCommand

_NOT_HERE = ("show_changes",)
"""What the output of a run can do and that of a command cannot."""
_DRAW_SECONDS = 0.05
_NAME_LIMIT, _TEXT_LIMIT = 80, 400


class CommandBody(RunView):
    """The place of the output."""

    def compose(self) -> ComposeResult:
        yield OutputView(id="output")


class CommandScreen(Dialog[None]):
    """Stays until it is closed; a command that still runs then goes on."""

    CSS_PATH = ["../dialogs/dialogs.tcss", "commands.tcss"]  # type: ignore[assignment]  # noqa: RUF012  # theirs
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss", "Close"),
        Binding("s,S", "stop", "Stop"),
        Binding("c", "copy", "Copy command"),
        Binding("right_square_bracket", "step(1)", "Next"),
        Binding("left_square_bracket", "step(-1)", "Previous"),
    ]
    AUTO_FOCUS = "LinesView"

    def __init__(self, services: Services, shown: RunningCommand) -> None:
        super().__init__(id="commands")
        for verb in OWNERS["output"]:
            keys = by_id(verb).key
            if keys and verb not in _NOT_HERE:
                self._bindings.bind(keys, f"of_output('{verb}')", by_id(verb).label)
        self._services = services
        self.shown = shown
        """The command on the screen."""
        self._drawn: object = None
        """What is said of it."""
        self._grown_to = -1
        """The version of its output on screen."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog command"):
            yield Static(id="command-text")
            yield CommandBody(self._services, id="command-output")
            yield Static(id="command-status")

    def on_mount(self) -> None:
        self.choose(self.shown)
        self.set_interval(_DRAW_SECONDS, self._draw)

    def choose(self, command: RunningCommand) -> None:
        """Show another command."""
        self.shown = command
        own, names = command.handed.command, command.handed.chosen.names
        what = display_text(names[0], _NAME_LIMIT) if names else ""
        if len(names) > 1:
            what = format_count(len(names), "key")
        dialog = self.query_one(".dialog")
        dialog.border_title = Content(f"{own.label} · {what}" if what else own.label)
        text = display_text(" ".join(own.run.split()), _TEXT_LIMIT)
        self.query_one("#command-text", Static).update(Content(f"$ {text}").stylize("$quiet"))
        self._grown_to = command.output.version
        self.query_one(OutputView).show(command.output)
        self._draw()

    def _draw(self) -> None:
        """Draw what is new. Most of the time nothing is."""
        version = self.shown.output.version
        if version != self._grown_to:
            self._grown_to = version
            self.query_one(OutputView).grow()
        self._describe()

    def _describe(self) -> None:
        """Say how the command stands."""
        command, end = self.shown, outcome_of(self.shown)
        mark, style = (
            ("▶", "$primary") if command.running else ("✗", "$error") if end.failed else ("✓", "$success")
        )
        if command.stopped and not command.timed_out:
            mark, style = "■", "$warning"
        words = end.words.removeprefix("is ").removeprefix("was ")
        dialog = self.query_one(".dialog")
        hints = self._hints(dialog.size.width)
        drawn = (mark, style, words, hints)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        line = Content.assemble((f"{mark} ", style), words[:1].upper() + words[1:])
        self.query_one("#command-status", Static).update(line)
        dialog.border_subtitle = hints

    def _hints(self, room: int) -> str:
        command, started = self.shown, self._services.commands.started
        hints = ["esc closes", "c copies the command"]
        if command.running:
            hints.insert(0, "s kills it" if command.stopped else "s stops it")
        if len(started) > 1 and command in started:
            hints.append(f"[ ] {started.index(command) + 1} of {len(started)}")
        while len(hints) > 1 and len(" · ".join(hints)) > room:
            hints.remove(hints[-1] if "c copies the command" not in hints else "c copies the command")
        return " · ".join(hints)

    def action_stop(self) -> None:
        self.shown.stop()
        self._draw()

    def action_of_output(self, verb: str) -> None:
        """Carry out an action of the output: search, filter, follow."""
        if verb == "page_output":
            self._page()
        else:
            getattr(self.query_one(OutputView), f"action_{verb}")()

    def _page(self) -> None:
        from sloth_tui.tui.external.programs import page_text

        output = self.shown.output
        lines = (f"{shown_text(line)}\n" for line in output.lines(output.first, output.end))
        try:
            page_text(cast("Lender", self.app), lines)
        except SlothError as error:
            self.app.notify(display_text(error.message), severity="error", markup=False)

    def action_step(self, by: int) -> None:
        started = self._services.commands.started
        if self.shown in started:
            self.choose(started[(started.index(self.shown) + by) % len(started)])

    async def action_copy(self) -> None:
        from sloth_tui.tui.external.clipboard import Clipboard

        try:
            line = command_line(self.shown.handed)
            note = await Clipboard(self.app, self._services.settings.copy_command).put(line)
        except SlothError as error:
            self.app.notify(display_text(error.message), severity="error", markup=False)
        else:
            text = f"copied {display_text(line, 100)}" + (f" · {note}" if note else "")
            self.app.notify(text, markup=False)
