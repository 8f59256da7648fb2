"""The dialog that changes the type of a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from sloth_tui.errors import InvalidValue
from sloth_tui.model import VALUE_TYPES
from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.detail.value_text import value_lines
from sloth_tui.values.parse import convert_value

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from sloth_tui.model import Entry, Value

_PREVIEW_CHARACTERS = 300
_LINE_CHARACTERS = 46


class RetypeScreen(Dialog["Value | None"]):
    """Lists the types with the converted value, or the reason why there is none; returns the new value, or
    None if the dialog was left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
    ]

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self._entry = entry
        self._values: dict[str, Value] = {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog retype") as dialog:
            dialog.border_title = "Change type"
            dialog.border_subtitle = "enter does it · esc leaves"
            yield Static(Content(display_text(self._entry.key, 400)), classes="question")
            yield Choices(*map(self._option, VALUE_TYPES))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._values[str(event.option.id)])

    def _option(self, kind: str) -> Option:
        if kind == self._entry.type:
            return Option(_line(kind, "is its type now", "$quiet"), id=kind, disabled=True)
        try:
            value = convert_value(self._entry.value, kind)
        except InvalidValue as error:
            return Option(_line(kind, f"✗ {error.message}", "$quiet"), id=kind, disabled=True)
        self._values[kind] = value
        return Option(_line(kind, "→ " + _preview(value), ""), id=kind)


def _preview(value: Value) -> str:
    if isinstance(value, bytes):
        return value[:_PREVIEW_CHARACTERS].hex(" ")
    lines, _ = value_lines(value, 0, _PREVIEW_CHARACTERS)
    return " ".join(map(str.strip, lines))


def _line(kind: str, text: str, style: str) -> Content:
    return Content.assemble((f"{kind:<9}", "$accent"), (display_text(text, _LINE_CHARACTERS), style))
