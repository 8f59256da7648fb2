"""Changing a value, or making a new key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Select, Static, TextArea

from sloth_tui.errors import SlothError
from sloth_tui.model import VALUE_TYPES
from sloth_tui.text import display_text
from sloth_tui.tui.editing import FORMS, form_of, from_text, to_text
from sloth_tui.tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from sloth_tui.model import Entry, Value

_PREVIEW = 60


class Outcome(NamedTuple):
    """What became of an attempt to save."""

    saved: bool
    now: Entry | None
    """What is there instead, where it was not saved; None: the key is absent."""


class EditScreen(Dialog[str | None]):
    """Keeps what was typed until it is saved or left; answers the key that was saved, else None.

    ``save(key, before, value)`` writes only if the entry still is ``before`` (None: absent); it may raise
    the errors of the store. What somebody else wrote meanwhile is shown, and saving again replaces it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("ctrl+s", "save", "Save", priority=True),
    ]

    def __init__(
        self,
        entry: Entry | None,
        save: Callable[[str, Entry | None, Value], Awaitable[Outcome]],
        *,
        key: str = "",
    ) -> None:
        """``entry`` to edit; None: a new key, beginning with ``key``."""
        super().__init__()
        self._entry = entry
        self._before = entry
        self._save = save
        self._key = key
        self._form = "string" if entry is None else form_of(entry.value, entry.type)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog edit") as dialog:
            dialog.border_title = "New key" if self._entry is None else "Edit"
            dialog.border_subtitle = "ctrl+s saves · esc leaves"
            if self._entry is None:
                with Horizontal(classes="row"):
                    yield Input(self._key, placeholder="key", id="edit-key", compact=True)
                    yield Select(
                        [(kind, kind) for kind in VALUE_TYPES],
                        value="string",
                        allow_blank=False,
                        id="edit-type",
                        compact=True,
                    )
            else:
                yield Static(Content(display_text(self._entry.key, 400)), classes="question")
            yield Static(id="edit-form", classes="note")
            yield TextArea(
                "" if self._entry is None else to_text(self._entry.value, self._form),
                id="edit-text",
                tab_behavior="focus",
                soft_wrap=True,
            )
            yield Static(id="edit-problem")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Save", id="save", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._explain()
        if self._entry is not None:
            self.query_one(TextArea).focus()

    def on_select_changed(self, event: Select.Changed) -> None:
        event.stop()
        self._form = str(event.value)
        self._explain()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            await self.action_save()
        else:
            self.dismiss(None)

    async def action_save(self) -> None:
        key = self.query_one("#edit-key", Input).value if self._entry is None else self._entry.key
        try:
            value = from_text(self.query_one(TextArea).text, self._form)
            outcome = await self._save(key, self._before, value)
        except SlothError as error:
            self._complain(error.message if error.hint is None else f"{error.message} ({error.hint})")
            return
        if outcome.saved:
            self.dismiss(key)
        else:
            self._before = outcome.now
            self._complain(_conflict(outcome.now, new=self._entry is None))

    def _explain(self) -> None:
        self.query_one("#edit-form", Static).update(Content(f"{self._form}: {FORMS[self._form]}"))

    def _complain(self, problem: str) -> None:
        self.query_one("#edit-problem", Static).update(Content(display_text(problem, 600)))


def _conflict(now: Entry | None, *, new: bool) -> str:
    if now is None:
        return "Deleted by somebody else meanwhile. Saving again writes yours; esc leaves it deleted."
    preview = to_text(now.value, form_of(now.value, now.type))[:_PREVIEW]
    what = "There is such a key already" if new else "Changed by somebody else meanwhile"
    return f"{what}: {preview}. Saving again replaces that with yours; esc leaves it as it is."
