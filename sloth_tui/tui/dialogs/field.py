"""The dialog that changes one line of the values form."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from sloth_tui.errors import SlothError
from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

_LIMIT = 400
"""Characters of a text that is shown."""


class FieldScreen(Dialog[str | None]):
    """Asks for a text: of one line, or of several; offers some, if there are any. Returns it, or None.

    ``check`` raises a SlothError for a text that is not accepted; it is called while typing, too.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("ctrl+s", "keep", "Keep", priority=True),
        Binding("down,ctrl+n", "offer(1)", "Next", show=False),
        Binding("up,ctrl+p", "offer(-1)", "Previous", show=False),
    ]

    def __init__(
        self,
        question: str,
        value: str,
        check: Callable[[str], object],
        *,
        note: str = "",
        lines: bool = False,
        secret: bool = False,
        offers: tuple[str, ...] = (),
    ) -> None:
        """``lines``: the text may have several; ``secret``: what is typed is not shown."""
        super().__init__()
        self._question = question
        self._value = value
        self._check = check
        self._note = note
        self._several = lines
        self._secret = secret
        self._offers = offers

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog field") as dialog:
            keys = "ctrl+s keeps it" if self._several else "enter keeps it"
            dialog.border_subtitle = f"{keys} · esc leaves"
            yield Static(Content(display_text(self._question, _LIMIT)), classes="question")
            if self._several:
                yield TextArea(self._value, tab_behavior="focus", soft_wrap=True)
            else:
                yield Input(self._value, compact=True, password=self._secret, select_on_focus=False)
            if self._offers:
                options = (Option(Content(display_text(offer, _LIMIT))) for offer in self._offers)
                yield OptionList(*options, markup=False)
            yield Static(Content(display_text(self._note, _LIMIT)), classes="note")

    def on_mount(self) -> None:
        for options in self.query(OptionList):
            options.can_focus = False
        for area in self.query(TextArea):
            area.move_cursor(area.document.end)

    @property
    def text(self) -> str:
        """What is typed now."""
        return self.query_one(TextArea).text if self._several else self.query_one(Input).value

    @property
    def unsaved(self) -> bool:
        """True if something was typed that is not kept."""
        return self.is_mounted and self.text != self._value

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._judge()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._judge()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_keep()

    def action_keep(self) -> None:
        if self._judge():
            self.dismiss(self.text)

    def action_offer(self, by: int) -> None:
        """Type the next of what is offered."""
        for options in self.query(OptionList):
            at = options.highlighted
            options.highlighted = (0 if by > 0 else -1) if at is None else (at + by) % len(self._offers)
            self._type(self._offers[options.highlighted])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._type(self._offers[event.option_index])

    def _type(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def _judge(self) -> bool:
        """Show whether the text is accepted."""
        note = self.query_one(".note", Static)
        try:
            self._check(self.text)
        except (SlothError, ValueError) as error:
            words = error.message if isinstance(error, SlothError) else str(error)
            note.set_class(True, "wrong")
            note.update(Content("✗ " + display_text(words, _LIMIT)))
            return False
        note.set_class(False, "wrong")
        note.update(Content(display_text(self._note, _LIMIT)))
        return True
