"""The dialog that asks before something is destroyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

_LINE_LIMIT = 200


class ConfirmScreen(Dialog[bool]):
    """Says what would happen; returns True only if the confirming button is pressed.

    ``question`` and ``sample`` may be raw data; ``verb`` is the label of that button.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(False)", "Cancel"),
        Binding("left,h", "app.focus_previous", show=False),
        Binding("right,l", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(self, question: str, sample: list[str], more: str, verb: str) -> None:
        super().__init__()
        self._question = question
        self._sample = sample
        self._more = more
        self._verb = verb

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog danger"):
            yield Static(Content(display_text(self._question, 4 * _LINE_LIMIT)), classes="question")
            with VerticalScroll(classes="sample", can_focus=False):
                yield Static(self._listing())
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(self._verb, id="confirm", variant="error", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "confirm")

    def _listing(self) -> Content:
        lines = [Content(display_text(line, _LINE_LIMIT)) for line in self._sample]
        if self._more:
            lines.append(Content(display_text(self._more)).stylize("$quiet"))
        return Content("\n").join(lines)
