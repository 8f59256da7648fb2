"""The dialog that asks what becomes of runs when the app ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

STOP, LEAVE = "stop", "leave"
_LINE_LIMIT = 200


class LeaveRunsScreen(Dialog[str]):
    """Returns ``stop``, ``leave``, or an empty text to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss('')", "Cancel"),
        Binding("left,h", "app.focus_previous", show=False),
        Binding("right,l", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(self, runs: list[tuple[str, str]], unkept: str | None) -> None:
        """``runs``: what goes on, and the command that follows it later; may be data. ``unkept``: why they
        would not be found again, so that they cannot be left; None if they would."""
        super().__init__()
        self._runs = runs
        self._unkept = unkept

    def compose(self) -> ComposeResult:
        count = format_count(len(self._runs), "run")
        verb = "goes" if len(self._runs) == 1 else "go"
        with Vertical(classes="dialog danger leave-runs"):
            yield Static(Content(f"{count} {verb} on. Stop, or leave running?"), classes="question")
            with VerticalScroll(classes="sample", can_focus=False):
                yield Static(self._listing())
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                if self._unkept is None:
                    yield Button("Leave running", id=LEAVE, compact=True)
                yield Button("Stop and quit", id=STOP, variant="error", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss("" if event.button.id == "cancel" else event.button.id or "")

    def _listing(self) -> Content:
        lines = []
        for what, command in self._runs:
            lines.append(Content(display_text(what, _LINE_LIMIT)))
            if self._unkept is None:
                lines.append(Content(f"  {display_text(command, _LINE_LIMIT)}").stylize("$quiet"))
        if self._unkept is not None:
            why = f"It cannot be left: {self._unkept}"
            lines.append(Content(display_text(why, _LINE_LIMIT)).stylize("$warning"))
        return Content("\n").join(lines)
