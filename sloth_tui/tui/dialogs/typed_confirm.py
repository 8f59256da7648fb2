"""The dialog that asks before something is destroyed that cannot be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Static

from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

_LINE_LIMIT = 200


class TypedConfirmScreen(Dialog[bool]):
    """Returns True only if ``word`` was typed. ``word`` must be typable; the other texts may be data."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "Cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, question: str, facts: list[str], word: str, verb: str) -> None:
        super().__init__()
        self._question = question
        self._facts = facts
        self._word = word
        self._verb = verb

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog danger typed"):
            yield Static(Content(display_text(self._question, _LINE_LIMIT)), classes="question")
            yield Static(
                Content("\n").join([Content(display_text(fact, _LINE_LIMIT)) for fact in self._facts]),
                classes="sample",
            )
            yield Static(Content.assemble("Type ", (self._word, "bold"), " to go on."), classes="note")
            yield Input(compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button(self._verb, id="confirm", variant="error", compact=True, disabled=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#confirm", Button).disabled = event.value != self._word

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value == self._word:
            self.dismiss(True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "confirm")
