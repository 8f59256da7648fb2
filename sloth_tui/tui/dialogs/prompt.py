"""The dialogs that ask for a line of text: any text, or a name that is tried before the dialog closes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

_LIMIT = 400
"""Characters of a text that is shown."""


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
        note.update(Content(("✗ " if wrong else "") + display_text(text, _LIMIT)))


class NameScreen(Dialog[str | None]):
    """Returns the accepted name, or None if the dialog was left.

    ``attempt(name)`` does what the name is for; if it raises a SlothError, the error is shown and the name
    can be corrected. ``remark(name)`` is shown while typing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self,
        title: str,
        question: str,
        attempt: Callable[[str], Awaitable[None]],
        *,
        value: str = "",
        remark: Callable[[str], str] = lambda _: "",
    ) -> None:
        """``value``: the initial text; empty if it cannot be typed."""
        super().__init__()
        self._title = title
        self._question = question
        self._attempt = attempt
        self._value = value if display_text(value) == value else ""
        self._remark = remark

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "enter does it · esc leaves"
            yield Static(Content(display_text(self._question, _LIMIT)), classes="question")
            yield Input(self._value, compact=True, select_on_focus=False)
            yield Static(id="name-remark", classes="note")
            yield Static(id="name-problem")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.query_one("#name-remark", Static).update(
            Content(display_text(self._remark(event.value), _LIMIT))
        )
        self.query_one("#name-problem", Static).update("")

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        name = event.value
        try:
            await self._attempt(name)
        except SlothError as error:
            words = error.message if error.hint is None else f"{error.message} ({error.hint})"
            self.query_one("#name-problem", Static).update(Content(display_text(words, 600)))
        else:
            self.dismiss(name)
