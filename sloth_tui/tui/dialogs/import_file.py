"""The dialog that says what an import would do, and asks what becomes of keys with another value."""

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


class ImportScreen(Dialog[str | None]):
    """Returns ``overwrite`` or ``keep``, or None if nothing is to be imported.

    ``title`` and ``facts`` may be raw data. Without ``differing`` keys there is one way to import.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("left,h", "app.focus_previous", show=False),
        Binding("right,l", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(self, title: str, facts: list[str], *, differing: bool) -> None:
        super().__init__()
        self._title = title
        self._facts = facts
        self._differing = differing

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog danger"):
            yield Static(Content(display_text(self._title, 2 * _LINE_LIMIT)), classes="question")
            with VerticalScroll(classes="sample", can_focus=False):
                lines = [Content(display_text(fact, _LINE_LIMIT)) for fact in self._facts]
                yield Static(Content("\n").join(lines))
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                if self._differing:
                    yield Button("Keep", id="keep", compact=True)
                    yield Button("Overwrite", id="overwrite", variant="error", compact=True)
                else:
                    yield Button("Import", id="keep", variant="primary", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        chosen = event.button.id
        self.dismiss(None if chosen == "cancel" else chosen)
