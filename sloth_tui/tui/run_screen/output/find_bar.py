"""The line in which a person types what to look for in the output."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from sloth_tui.text import display_text
from sloth_tui.tui.run_screen.output.finding import Wanted
from sloth_tui.tui.widgets.no_relayout import NoRelayoutInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widget import Widget

SEARCH, FILTER = "search", "filter"
_SIGNS = {SEARCH: "/", FILTER: "&"}
_HINTS = {
    SEARCH: "text to search for  ^r regular expression",
    FILTER: "only lines with this text  !without  ^r regular expression",
}
_NOTE_CHARACTERS = 60


class FindBar(Horizontal):
    """Visible while it is typed in."""

    DEFAULT_CSS = """
    FindBar {
        height: 1;
        & > #find-sign { width: 2; color: $primary; text-style: bold; }
        & > #find-note { width: auto; max-width: 50%; color: $quiet; }
        & > Input, & > Input:focus {
            width: 1fr;
            height: 1;
            border: none;
            padding: 0;
            background: transparent;
            background-tint: transparent;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,down", "leave", "To the lines", show=False, priority=True),
        Binding("escape", "give_up", "Look for nothing", show=False),
        Binding("ctrl+r", "toggle_regex", "Regular expression", show=False, priority=True),
    ]

    class Changed(Message):
        """What is typed changed."""

        def __init__(self, kind: str, wanted: Wanted | None) -> None:
            super().__init__()
            self.kind = kind
            self.wanted = wanted
            """None: nothing is looked for."""

    class Left(Message):
        """The person is done; ``wanted`` as it stands."""

        def __init__(self, kind: str, wanted: Wanted | None) -> None:
            super().__init__()
            self.kind = kind
            self.wanted = wanted

    def __init__(self, reading: Widget) -> None:
        """``reading`` has the focus while nothing is typed."""
        super().__init__()
        self._reading = reading
        self._kind = SEARCH
        self._regex = False
        self._wanted: Wanted | None = None
        self._before: Wanted | None = None
        self._ending = False
        """True from the key that ends typing until the keys before it have arrived."""
        self.display = False

    def compose(self) -> ComposeResult:
        yield Static("/ ", id="find-sign", markup=False)
        yield NoRelayoutInput(select_on_focus=False)
        yield Static("", id="find-note", markup=False)

    def ask(self, kind: str, wanted: Wanted | None) -> None:
        """Let a person type; ``wanted`` is what is looked for so far. A filter is changed; a search begins
        anew, and an empty one goes on with the last."""
        field = self.query_one(Input)
        self.display = True
        # At once: keys typed meanwhile are for the field, behind those that are on their way to it.
        self.screen.set_focus(field)
        field.call_later(self._begin, kind, wanted, after_another=self._ending)

    def _begin(self, kind: str, wanted: Wanted | None, *, after_another: bool) -> None:
        if after_another and kind == self._kind:
            wanted = self._wanted
        self._kind, self._wanted = kind, wanted
        self._before = wanted if kind == SEARCH else None
        self._regex = wanted is not None and wanted.regex
        field = self.query_one(Input)
        with field.prevent(Input.Changed):
            field.value = ""
            if wanted is not None and kind == FILTER:
                field.value = ("!" if wanted.inverse else "") + wanted.text
        field.cursor_position = len(field.value)
        field.placeholder = _HINTS[kind]
        self.query_one("#find-sign", Static).update(_SIGNS[kind])
        self._note()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._read()

    def action_toggle_regex(self) -> None:
        self._regex = not self._regex
        self._read()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_leave()

    def action_leave(self) -> None:
        self._end_soon(self._finish)

    def action_give_up(self) -> None:
        self._end_soon(self._clear)

    def _end_soon(self, end: Callable[[], None]) -> None:
        # Keys that follow are for the lines; those before may still be on their way to the field.
        self.screen.set_focus(self._reading)
        self._ending = True
        self.query_one(Input).call_later(end)

    def _clear(self) -> None:
        self._before = None
        self.query_one(Input).value = ""
        self._finish()

    def _finish(self) -> None:
        self._ending = False
        self.display = self.screen.focused is not self._reading
        self._read()
        self.post_message(self.Left(self._kind, self._wanted))

    def _read(self) -> None:
        text, error = self.query_one(Input).value, ""
        inverse = self._kind == FILTER and text.startswith("!")
        text = text[inverse:]
        try:
            self._wanted = Wanted(text, regex=self._regex, inverse=inverse) if text else self._before
        except ValueError as problem:
            self._wanted, error = None, str(problem)
        self._note(error)
        self.post_message(self.Changed(self._kind, self._wanted))

    def _note(self, error: str = "") -> None:
        note = Content(display_text(error, _NOTE_CHARACTERS)).stylize("$error") if error else None
        if note is None:
            note = Content(" regular expression" if self._regex else "")
        self.query_one("#find-note", Static).update(note)
