"""The dialog that edits a value or creates a key."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Select, Static, TextArea

from sloth_tui.errors import InvalidValue, SlothError
from sloth_tui.model import VALUE_TYPES
from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.editing import EDITABLE_SIZE, FORMS, form_of, limit_of, limit_text
from sloth_tui.tui.widgets.detail.difference import Piece, compare_whole
from sloth_tui.tui.widgets.detail.history_view import DifferenceView, describe_author
from sloth_tui.values.parse import from_text
from sloth_tui.values.render import to_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from sloth_tui.model import Entry, Revision, Value
    from sloth_tui.tui.services.detail import Attempt

    Save: TypeAlias = Callable[[str, Entry | None, Value, float | None], Awaitable[Attempt]]

_CHECK_LIMIT = 64 * 1024
"""Characters of the longest text that is checked while it is typed."""


class TheirsView(Vertical):
    """Shows the entry that was written elsewhere while a text was typed."""

    def compose(self) -> ComposeResult:
        yield Static(id="theirs-facts")
        yield DifferenceView(id="theirs-value")

    def show(self, now: Entry | None, last: Revision | None, base: Value | None, *, hidden: bool) -> None:
        """Show what became of the value ``base``: the entry that is there ``now`` (None: it was deleted) and
        the revision that put it there, if known. ``hidden``: mask the value."""
        if now is None:
            what, pieces = "theirs: deleted", [Piece("~", "There is no such key any more.")]
        else:
            what = f"theirs: {now.type}"
            pieces = [Piece("~", "masked")] if hidden else compare_whole(base, now.value)
        by = "" if last is None else f" · {describe_author(last)}"
        self.query_one("#theirs-facts", Static).update(Content.assemble((what, "bold"), (by, "$quiet")))
        self.query_one(DifferenceView).show(pieces)


class EditScreen(Dialog[str | None]):
    """Keeps the typed text until it is saved or discarded; returns the saved key, else None.

    ``save(key, before, value, ttl)`` writes only if the entry is still ``before`` (None: absent), and may
    raise the errors of the store. ``ttl``: the seconds that the entry then has to live, 0 for no end; None:
    what it has, because nothing else was typed. A value written elsewhere meanwhile is shown beside the typed
    text; saving again replaces it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("ctrl+s", "save", "Save", priority=True),
    ]

    def __init__(
        self,
        entry: Entry | None,
        save: Save,
        *,
        key: str = "",
        typed: str | None = None,
        tried: Attempt | str = "",
        is_secret: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """``entry`` to edit; None: a new key, beginning with ``key``.

        ``typed``: a text from an external editor; ``tried``: the result of saving it, or the error.
        ``is_secret`` is True for keys whose existing value must not be shown.
        """
        super().__init__()
        self._entry = entry
        self._before = entry
        self._save = save
        self._key = key
        self._typed = typed
        self._tried = tried
        self._is_secret = is_secret
        self._form = "string" if entry is None else form_of(entry.value, entry.type)
        self._theirs: Entry | None = None
        self._saving = False
        self._problem = tried if isinstance(tried, str) else ""
        self._begun = "" if entry is None else to_text(entry.value, self._form)
        self._limit = limit_text(entry)
        self._warned = False
        """True after the warning that esc again discards the typed text."""

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
            with Container(classes="versions"):
                yield TextArea(self._text(), id="edit-text", tab_behavior="focus", soft_wrap=True)
                yield TheirsView(id="edit-theirs")
            with Horizontal(classes="form"):
                yield Static(id="edit-form")
                yield Static("lives ", id="edit-lives")
                yield Input(self._limit, placeholder="no end", id="edit-limit", compact=True)
            yield Static(id="edit-problem")
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Take theirs", id="take", compact=True)
                yield Button("Save", id="save", variant="primary", compact=True)

    def on_mount(self) -> None:
        self._check()
        area = self.query_one(TextArea)
        if self._entry is not None:
            area.focus()
        if self._typed is None:
            self._begun = area.text
        if area.document.line_count == 1:
            area.move_cursor(area.document.end)
        if self._entry is not None and not isinstance(self._tried, str):
            self._show_theirs(self._entry.key, self._tried)
        else:
            self._complain(self._problem)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._warned = False
        self._check()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._warned = False

    def on_select_changed(self, event: Select.Changed) -> None:
        event.stop()
        self._form = str(event.value)
        self._check()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "save":
            self.action_save()
        elif event.button.id == "take":
            self._take()
        elif not self._saving:
            self.dismiss(None)

    @property
    def unsaved(self) -> bool:
        """True if something was typed that is not saved."""
        begun = {"edit-key": self._key, "edit-limit": self._limit}
        fields = (field for field in self.query(Input) if field.id in begun)
        return any(field.value != begun[str(field.id)] for field in fields) or any(
            area.text != self._begun for area in self.query("#edit-text").results(TextArea)
        )

    def action_leave(self) -> None:
        """Leave, after a warning if text would be lost; but not while a save is running."""
        if self._saving:
            return
        if self._warned or not self.unsaved:
            self.dismiss(None)
            return
        self._complain("Not saved. esc again discards what was typed, ctrl+s saves it.")
        self._warned = True

    def action_save(self) -> None:
        """Save, unless the result of the last attempt is not on screen yet."""
        if not self._saving:
            self._saving = True
            self.run_worker(self._attempt(), group="save")

    async def _attempt(self) -> None:
        key = self.query_one("#edit-key", Input).value if self._entry is None else self._entry.key
        try:
            value = from_text(self.query_one(TextArea).text, self._form)
            limit = self.query_one("#edit-limit", Input).value
            ttl = None if limit == self._limit else limit_of(limit)
            attempt = await self._save(key, self._before, value, ttl)
        except SlothError as error:
            self._complain(error.message if error.hint is None else f"{error.message} ({error.hint})")
        else:
            if attempt.saved:
                self.dismiss(key)
                return
            self._show_theirs(key, attempt)
        self.call_after_refresh(self._may_save)

    def _may_save(self) -> None:
        self._saving = False

    def hear(self, key: str, entry: Entry | None) -> None:
        """Warn if the entry changed elsewhere; None: it is gone."""
        before = self._before
        if self._entry is None or key != self._entry.key or self._saving:
            return
        if (entry and (entry.value, entry.revision)) != (before and (before.value, before.revision)):
            self._complain("Somebody else has changed it meanwhile: saving shows both.")

    def _text(self) -> str:
        return self._begun if self._typed is None else self._typed

    def _check(self) -> None:
        """Show what form the text must have, and whether it has it."""
        said = describe_form(self._form, self.query_one(TextArea).text)
        self.query_one("#edit-form", Static).update(said)

    def _complain(self, problem: str) -> None:
        """Show a problem, at once or when the dialog is mounted: the entry may change while it opens."""
        self._problem, self._warned = problem, False
        for line in self.query("#edit-problem").results(Static):
            line.update(Content(display_text(problem, 600)))

    def _show_theirs(self, key: str, attempt: Attempt) -> None:
        """Show the current entry beside the typed text."""
        self._theirs = self._before = now = attempt.now
        hidden = self._entry is None and self._is_secret(key)
        base = None if self._entry is None else self._entry.value
        self.query_one(TheirsView).show(now, attempt.last, base, hidden=hidden)
        if now is None:
            words = "Deleted by somebody else meanwhile. Yours is kept: saving again writes it."
        elif self._entry is None:
            words = "There is such a key already. Yours is kept: saving again replaces theirs."
        else:
            words = "Changed by somebody else meanwhile. Yours is kept: saving again replaces theirs."
        self.query_one("#take").disabled = now is None or hidden or now.size > EDITABLE_SIZE
        for name, label in (("#save", "Save mine"), ("#cancel", "Discard mine")):
            button = self.query_one(name, Button)
            button.label = label
            button.refresh(layout=True)
        self.query_one(".edit").add_class("conflict")
        self._complain(words)

    def _take(self) -> None:
        """Continue with their value; ctrl+z brings the typed text back."""
        if self._theirs is None:
            return
        self._form = form_of(self._theirs.value, self._theirs.type)
        area = self.query_one(TextArea)
        area.replace(to_text(self._theirs.value, self._form), (0, 0), area.document.end)
        self._begun = area.text
        area.focus()
        self._check()


def describe_form(form: str, text: str) -> Content:
    """Return the form a text must have, and whether it has it; a long text is not checked."""
    problem = ""
    if len(text) <= _CHECK_LIMIT:
        try:
            from_text(text, form)
        except InvalidValue as error:
            problem = error.message
    mark = ("✗ " + display_text(problem, 200), "$warning") if problem else ("✓", "$success")
    return Content.assemble((f"{form}: {FORMS[form]}  ", "$quiet"), mark)
