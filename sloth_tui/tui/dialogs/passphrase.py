"""The dialog that asks for the passphrase of an encrypted agent. What is typed is never drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

_TRIES = 3
_LIMIT = 300


class PassphraseScreen(Dialog[bool | None]):
    """Returns True once ``attempt`` has taken a passphrase, False after three wrong ones, None if the dialog
    was left."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]
    AUTO_FOCUS = "Input"

    def __init__(self, agent: str, key_file: str, attempt: Callable[[str], Awaitable[bool]]) -> None:
        super().__init__()
        self._agent = agent
        self._key_file = key_file
        self._attempt = attempt
        self._left = _TRIES

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_subtitle = "enter opens it · esc leaves it locked"
            question = f"Agent {self._agent} is encrypted. Its passphrase:"
            yield Static(Content(display_text(question, _LIMIT)), classes="question")
            yield Input(password=True, compact=True)
            yield Static(Content(display_text(f"for the key in {self._key_file}", _LIMIT)), classes="note")

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        field, passphrase = event.input, event.value
        field.clear()
        field.disabled = True
        opened = await self._attempt(passphrase)
        self._left -= not opened
        if opened or not self._left:
            self.dismiss(opened)
            return
        field.disabled = False
        field.focus()
        note = self.query_one(".note", Static)
        note.add_class("wrong")
        note.update(f"✗ wrong passphrase; {format_count(self._left, 'try', 'tries')} left")
