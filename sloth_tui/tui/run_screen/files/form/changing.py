"""Change lines of the values form: by dialogs, or at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.field import FieldScreen
from sloth_tui.tui.run_screen.files.form.command_line import holds_secret_value
from sloth_tui.tui.run_screen.files.form.fields import (
    HOW,
    as_typed,
    assignment,
    is_secret,
    parse_typed,
    read_line,
    value_at,
)
from sloth_tui.tui.run_screen.files.form.state import NUMBERS
from sloth_tui.tui.services.task_files import VALUES_ENDINGS, check_assignment
from sloth_tui.values import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import App

    from sloth_tui.tui.run_screen.files.form.fields import Field
    from sloth_tui.tui.run_screen.files.form.form_view import FormRow
    from sloth_tui.tui.run_screen.files.form.state import FormState
    from sloth_tui.tui.services.task_files import FormValues

_MOST_CHARACTERS = 64 * 1024
"""Of a value that is edited here."""
_NUMBERS: dict[str, tuple[Callable[[str], float], str]] = {
    "timeout": (parse.seconds, "Seconds for the whole run; empty: no limit."),
    "grace": (parse.grace, "Seconds that commands get to end; empty: as the settings say."),
    "forks": (parse.count, "Hosts that a task acts on at the same time; empty: 5."),
}


class Changing:
    """Asks for the new content of a row and puts it into the state of the form."""

    def __init__(self, app: App[int], secret_words: tuple[str, ...]) -> None:
        self._app = app
        self._secret_words = secret_words

    async def change(
        self, row: FormRow, state: FormState, values: FormValues | None, workflows: list[str]
    ) -> bool:
        """Change what a row shows; return False if it was left as it was."""
        if row.kind == "switch":
            state.switches ^= {row.option}
            return True
        if row.kind == "number":
            return await self._number(row.option, state)
        if row.kind == "workflow":
            return await self._workflow(state, workflows)
        if row.kind == "file":
            return await self.values_file(state)
        if row.kind == "field" and row.field is not None and values is not None:
            return await self._field(row.field, state, values)
        return await self.line(state, int(row.option) if row.kind == "line" else None)

    def reset(self, row: FormRow, state: FormState) -> None:
        """Make a row what it was before any change."""
        if row.field is not None:
            state.edits.pop(row.field.path, None)
        elif row.kind == "line":
            del state.lines[int(row.option)]
        elif row.kind == "switch":
            state.switches.discard(row.option)
        elif row.kind == "number":
            state.numbers.pop(row.option, None)
        elif row.kind == "workflow":
            state.workflow = None
        elif row.kind == "file":
            state.values_chosen = False

    async def line(self, state: FormState, number: int | None = None) -> bool:
        """Change a line of ``--set``, or add one; an empty text removes it."""
        one = None if number is None else state.lines[number]
        secret = one is not None and holds_secret_value(one, self._secret_words)
        value = "" if one is None or secret else f"{one.flag} {one.text}"
        flag = "--set" if one is None else one.flag
        typed = await self._ask(
            "Set a value" if one is None else f"Set {one.name}",
            value,
            lambda text: text and read_line(flag, text, check_assignment),
            note="a.b=c as for --set; or --set-string a.b=c, --set-json a.b=c",
            secret=secret,
        )
        if typed is None or (typed == "" and one is None):
            return False
        if typed == "" and number is not None:
            del state.lines[number]
        elif number is None:
            state.lines.append(read_line(flag, typed, check_assignment))
        else:
            state.lines[number] = read_line(flag, typed, check_assignment)
        return True

    async def values_file(self, state: FormState) -> bool:
        """Choose another values file, or none."""

        def check(path: str) -> None:
            if path and os.path.splitext(path)[1].lower() not in VALUES_ENDINGS:
                raise ValueError(f"must end in {', '.join(VALUES_ENDINGS)}")

        typed = await self._ask(
            "Values file",
            state.values_file or "",
            check,
            note=f"A path; empty: none. Beside {os.path.basename(state.file)} its own one is found.",
        )
        if typed is None:
            return False
        state.values_file, state.values_chosen = os.path.expanduser(typed) or None, True
        return True

    async def _field(self, field: Field, state: FormState, values: FormValues) -> bool:
        if not field.settable:
            self._app.notify(
                "its name cannot stand on a command line: change it in the values file", markup=False
            )
            return False
        now = field.value if values.problem else value_at(values.result, field.path)
        kind = field.kind
        if kind == "boolean" and isinstance(now, bool):
            _put(state, field, not now)
            return True
        secret = is_secret(field.name, now, self._secret_words)
        text = "" if secret else as_typed(now)
        if len(text) > _MOST_CHARACTERS:
            self._app.notify("too long to be typed here: change it in the values file", markup=False)
            return False
        note = HOW[kind]
        if display_text(text, lines=True) != text:
            text, note = "", f"{note}; the present one has characters that cannot be typed"
        typed = await self._ask(
            field.name,
            text,
            lambda text: parse_typed(kind, text),
            note=note,
            lines=not secret and (kind in ("list", "table") or "\n" in text),
            secret=secret,
        )
        if typed is None:
            return False
        _put(state, field, parse_typed(kind, typed))
        return True

    async def _number(self, option: str, state: FormState) -> bool:
        read, note = _NUMBERS[option]
        given = state.numbers.get(option)
        text = "" if given is None else f"{given:g}"
        typed = await self._ask(NUMBERS[option], text, lambda text: text and read(text), note=note)
        if typed is None:
            return False
        if typed:
            state.numbers[option] = read(typed)
        else:
            state.numbers.pop(option, None)
        return True

    async def _workflow(self, state: FormState, workflows: list[str]) -> bool:
        def check(name: str) -> None:
            if name and workflows and name not in workflows:
                raise ValueError("the file has no workflow of this name")

        typed = await self._ask(
            "Workflow", state.workflow or "", check, note="empty: all tasks", offers=tuple(workflows)
        )
        if typed is None:
            return False
        state.workflow = typed or None
        return True

    async def _ask(
        self,
        question: str,
        value: str,
        check: Callable[[str], object],
        *,
        note: str = "",
        lines: bool = False,
        secret: bool = False,
        offers: tuple[str, ...] = (),
    ) -> str | None:
        dialog = FieldScreen(question, value, check, note=note, lines=lines, secret=secret, offers=offers)
        return await self._app.push_screen_wait(dialog)


def _put(state: FormState, field: Field, value: object) -> None:
    """Give a field a value; the one that the file has needs no option."""
    if type(value) is type(field.value) and value == field.value:
        state.edits.pop(field.path, None)
    else:
        state.edits[field.path] = assignment(field.path, value)
