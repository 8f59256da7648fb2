"""The values form: the fields of a values file, further --set lines, and the options of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import Binding
from textual.content import Content
from textual.message import Message

from sloth_tui.cells import fit
from sloth_tui.masking import MASK
from sloth_tui.runner.request import DEFAULT_FORKS
from sloth_tui.text import display_text
from sloth_tui.tui.run_screen.files.form.command_line import holds_secret_value
from sloth_tui.tui.run_screen.files.form.fields import (
    MOST_FIELDS,
    Field,
    fields_of,
    is_secret,
    preview,
    value_at,
)
from sloth_tui.tui.run_screen.files.form.state import NUMBERS, SWITCHES
from sloth_tui.tui.run_screen.paths import shown_path
from sloth_tui.tui.widgets.cursor_view import CursorView

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.events import Resize

    from sloth_tui.tui.run_screen.files.form.state import FormState
    from sloth_tui.tui.services.task_files import FormValues

_NAME_CHARACTERS = 200
_WIDEST_NAME = 32
_GAP = "  "
"""Between a value and what stands at the edge behind it."""


class FormRow(NamedTuple):
    """A line of the form."""

    kind: str
    """``file``, ``field``, ``line``, ``add``, ``number``, ``switch``, ``workflow``, ``heading``, ``note``."""
    name: str
    """Harmless."""
    value: str = ""
    """Harmless."""
    about: str = ""
    """Harmless: what stands behind the value."""
    field: Field | None = None
    option: str = ""
    """The id of an option, or the number of a line."""
    changed: bool = False
    """True if it is not as the values file or the program has it."""

    @property
    def place(self) -> tuple[object, ...]:
        """What tells a row when the form is shown anew."""
        return (self.kind, self.field.path if self.field is not None else self.option or self.name)


class FormView(CursorView):
    """Shows the form; enter changes a line, space switches, delete takes a change back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "change", "Change", show=False),
        Binding("space", "change", "Change", show=False),
        Binding("delete,backspace", "reset", "As it was", show=False),
    ]

    class ChangeAsked(Message):
        """The person wants to change a row."""

        def __init__(self, row: FormRow) -> None:
            super().__init__()
            self.row = row

    class ResetAsked(Message):
        """The person wants a row as it was before any change."""

        def __init__(self, row: FormRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._rows: list[FormRow] = []

    @property
    def row(self) -> FormRow | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    def show(self, rows: list[FormRow]) -> None:
        """Show these rows; the cursor stays on its own."""
        on, places = self.row, [row.place for row in rows]
        self._rows = rows
        if on is not None and on.place in places:
            self._cursor = places.index(on.place)
        else:
            self._cursor = max(min(self._cursor, len(rows) - 1), 0)
        self._lay_out()

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self._lay_out()

    def clicked(self, *, again: bool) -> None:
        if again:
            self.action_change()

    def action_change(self) -> None:
        if self.row is not None and self.row.kind not in ("heading", "note"):
            self.post_message(self.ChangeAsked(self.row))

    def action_reset(self) -> None:
        if self.row is not None and self.row.changed:
            self.post_message(self.ResetAsked(self.row))

    def paint(self, number: int) -> Content:
        row, text = self._rows[number], self.lines[number]
        line = Content(text)
        if row.kind == "heading":
            return line.stylize("bold $primary")
        if row.kind in ("note", "add"):
            return line.stylize("$quiet")
        name, value = self._ends(row, text)
        style = "bold $accent" if row.changed else "$foreground"
        return (
            line.stylize("bold $accent", 0, 1)
            .stylize("$quiet", 2, name)
            .stylize(style, name, value)
            .stylize("$quiet", value)
        )

    def _lay_out(self) -> None:
        names = [cell_len(row.name) for row in self._rows if row.kind not in ("heading", "note", "line")]
        self._column = min(max(names, default=0), _WIDEST_NAME, self._room() // 2)
        self.set_lines([fit(self._text(row), self._room()).rstrip() for row in self._rows])
        self._follow()

    def _text(self, row: FormRow) -> str:
        if row.kind in ("heading", "note"):
            return row.name
        mark = "• " if row.changed else "  "
        if row.kind in ("line", "add"):
            return mark + row.name
        head = f"{mark}{fit(row.name, self._column)}  "
        room = self._room() - cell_len(head)
        free = room - cell_len(row.value) - cell_len(row.about) - len(_GAP)
        if row.about and free >= 0:
            return f"{head}{row.value}{_GAP}{' ' * free}{row.about}"
        return head + (row.value if cell_len(row.value) <= room else fit(row.value, room))

    def _ends(self, row: FormRow, text: str) -> tuple[int, int]:
        """Return where name and value end in the text of a row."""
        if row.kind == "line":
            return 2, len(text)
        name = 2 + len(fit(row.name, self._column))
        about = len(row.about) if row.about and text.endswith(row.about) else 0
        return name, len(text) - about


def form_rows(
    state: FormState, values: FormValues, secret_words: tuple[str, ...], grace: float
) -> list[FormRow]:
    """Return the rows of a form; ``grace``: of the settings. For a thread: values may be many."""
    shown = "none" if state.values_file is None else shown_path(state.values_file)
    beside = "beside the task file" if state.values_file is not None and not state.values_chosen else ""
    rows = [FormRow("heading", "Values")]
    rows.append(FormRow("file", "values file", shown, beside, changed=state.values_chosen))
    if values.problem:
        rows.append(FormRow("note", f"✗ {display_text(values.problem, 2 * _NAME_CHARACTERS)}"))
    rows += _field_rows(state, values, secret_words)
    for number, one in enumerate(state.lines):
        hidden = holds_secret_value(one, secret_words)
        text = f"{one.name}={MASK}" if hidden else one.text
        shown = f"{one.flag} {display_text(text, 2 * _NAME_CHARACTERS)}"
        rows.append(FormRow("line", shown, option=str(number), changed=True))
    rows.append(FormRow("add", "+ a --set line"))
    rows += [FormRow("heading", ""), FormRow("heading", "Options")]
    return rows + _option_rows(state, grace)


def _field_rows(state: FormState, values: FormValues, secret_words: tuple[str, ...]) -> list[FormRow]:
    fields = fields_of(values.from_file)
    known = {field.path for field in fields}
    more = len(fields) == MOST_FIELDS
    fields += [Field(path, value_at(values.result, path)) for path in state.edits if path not in known]
    rows = []
    for field in fields:
        edited = field.path in state.edits
        now = value_at(values.result, field.path) if not values.problem or not edited else None
        if values.problem and not edited:
            now = field.value
        hidden = is_secret(field.name, now, secret_words) or is_secret(field.name, field.value, secret_words)
        about = field.kind
        if field.path not in known:
            about = "not in the file"
        elif not field.settable:
            about = "its name cannot stand on a command line"
        elif edited and not hidden and not isinstance(field.value, list | dict):
            about = f"was {preview(field.value)[:24]}"
        shown = MASK if hidden else preview(now)
        rows.append(
            FormRow("field", display_text(field.name, _NAME_CHARACTERS), shown, about, field, changed=edited)
        )
    if more:
        rows.append(FormRow("note", f"  the first {MOST_FIELDS:,} values"))
    return rows


def _option_rows(state: FormState, grace: float) -> list[FormRow]:
    usual = {"timeout": "none", "grace": f"{grace:g}", "forks": str(DEFAULT_FORKS)}
    about = {
        "timeout": "seconds for the whole run",
        "grace": "seconds to end, once asked to",
        "forks": "hosts at the same time",
        "keep_going": "run what does not depend on a failure",
        "force": "run tasks that are up to date, too",
    }
    rows = []
    for option, label in NUMBERS.items():
        given = state.numbers.get(option)
        value = usual[option] if given is None else f"{given:g}"
        rows.append(FormRow("number", label, value, about[option], option=option, changed=given is not None))
    for option, label in SWITCHES.items():
        on = option in state.switches
        rows.append(FormRow("switch", label, "yes" if on else "no", about[option], option=option, changed=on))
    workflow = "all tasks" if state.workflow is None else display_text(state.workflow, _NAME_CHARACTERS)
    rows.append(
        FormRow("workflow", "Workflow", workflow, "only its tasks", changed=state.workflow is not None)
    )
    return rows
