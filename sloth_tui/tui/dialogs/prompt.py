"""The dialog that asks for a line of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType


class PromptScreen(Dialog[str | None]):
    """Returns the text, or None if the dialog was left with escape.

    ``check`` returns the problem of a text, if any: then the dialog stays.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self,
        question: str,
        *,
        value: str = "",
        note: str = "",
        check: Callable[[str], str | None] | None = None,
    ) -> None:
        super().__init__()
        self._question = question
        self._value = value
        self._note = note
        self._check = check

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(Content(display_text(self._question)), classes="question")
            yield Input(display_text(self._value), compact=True)
            yield Static(Content(display_text(self._note)), classes="note")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._say(self._note)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        problem = None if self._check is None else self._check(event.value)
        if problem is None:
            self.dismiss(event.value)
        else:
            self._say(problem, wrong=True)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        note = self.query_one(".note", Static)
        note.set_class(wrong, "wrong")
        note.update(Content(("✗ " if wrong else "") + display_text(text, 400)))
