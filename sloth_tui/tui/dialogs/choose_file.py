"""The dialog that asks for a Lua file to run, or to check."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from sloth_tui.text import display_text
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

_SUFFIXES = (".lua", ".sloth")
_SCAN_LIMIT = 5000
_OFFER_LIMIT = 200
_NOTHING = "No Lua file and no directory begins like this."


class FileChoice(NamedTuple):
    path: str
    check: bool
    """True to predict what a run would change, False to run it."""


class ChooseFileScreen(Dialog[FileChoice | None]):
    """Completes a path; returns a file and what to do with it, or None. It may be for checks only.

    The disk may be slow, so it is read on another thread.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("down,ctrl+n", "move(1)", "Next", show=False, priority=True),
        Binding("up", "move(-1)", "Previous", show=False, priority=True),
        Binding("ctrl+t", "check", "Check", priority=True),
        Binding("tab", "complete", "Complete", priority=True),
    ]

    def __init__(self, agent: str, *, path: str = "", only_check: bool = False) -> None:
        super().__init__()
        self._only_check = only_check
        self._agent = agent
        self._path = path
        self._offered: list[str] = []
        self._offered_for: str | None = None
        """What was typed when these were found."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog choose") as dialog:
            keys = "enter checks" if self._only_check else "enter runs · ctrl+t checks"
            dialog.border_subtitle = f"tab completes · {keys} · esc leaves"
            verb = "Check" if self._only_check else "Run"
            yield Static(
                Content.assemble(f"{verb} a Lua file against ", (display_text(self._agent), "bold $primary")),
                classes="question",
            )
            yield Input(self._path, placeholder="path of a .lua or .sloth file", compact=True)
            yield OptionList(id="candidates", markup=False)
            yield Static(_NOTHING, classes="note")
            with Horizontal(classes="buttons"):
                yield Button("Check", id="check", compact=True)
                if not self._only_check:
                    yield Button("Run", id="run", compact=True)

    async def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        await self._offer(self._path)

    async def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        await self._offer(event.value)

    async def _offer(self, typed: str) -> None:
        field = self.query_one(Input)
        offered = await asyncio.to_thread(find_completions, typed)
        if typed != field.value or not self.is_attached:
            return
        self._offered, self._offered_for = offered, typed
        options = self.query_one(OptionList)
        options.set_options(Option(Content(display_text(path))) for path in offered)
        options.highlighted = 0 if offered else None
        note = self.query_one(".note", Static)
        note.update(_NOTHING)
        note.set_class(bool(offered), "hidden")

    def action_move(self, by: int) -> None:
        options = self.query_one(OptionList)
        if self._offered:
            options.highlighted = ((options.highlighted or 0) + by) % len(self._offered)

    async def _catch_up(self) -> bool:
        """Have what is offered be for what is typed now: a key may come before the answer to the text. Return
        False if the dialog was left meanwhile."""
        field = self.query_one(Input)
        while self.is_current and field.value != self._offered_for:
            await self._offer(field.value)
        return self.is_current

    def action_complete(self) -> None:
        # Not at once: meanwhile the app goes on listening to keys.
        self.call_later(self._complete)

    async def _complete(self) -> None:
        if not await self._catch_up():
            return
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self._type(self._offered[options.highlighted])

    def _type(self, path: str) -> None:
        field = self.query_one(Input)
        field.value = path
        field.cursor_position = len(path)

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self._submit(check=self._only_check)

    def action_check(self) -> None:
        self.call_later(self._submit, check=True)

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        await self._submit(check=event.button.id == "check")

    async def _submit(self, *, check: bool) -> None:
        if not await self._catch_up():
            return
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            self._take(self._offered[options.highlighted], check=check)
            return
        typed = self.query_one(Input).value
        there = await asyncio.to_thread(_is_file, typed)
        if not self.is_current:
            return
        if there:
            self._take(typed, check=check)
        elif typed:
            self.query_one(".note", Static).update(Content(f"There is no file {display_text(typed)}."))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(self._offered[event.option_index], check=self._only_check)

    def _take(self, path: str, *, check: bool) -> None:
        if path.endswith("/"):
            self._type(path)
        else:
            self.dismiss(FileChoice(path, check))


def _is_file(path: str) -> bool:
    """True if the path exists and is not a directory. It may be a pipe."""
    path = os.path.expanduser(path)
    return os.path.exists(path) and not os.path.isdir(path)


def find_completions(typed: str) -> list[str]:
    """Return the task files and directories (ending in ``/``) whose path begins with ``typed``, sorted.

    Hidden ones only after a typed dot. Names that cannot be typed (control characters, not UTF-8) are left
    out. Looks at no more than 5,000 names; an unreadable directory gives none.
    """
    directory, start = os.path.split(typed)
    folder = os.path.expanduser(directory) or "."
    directories, files = [], []
    try:
        with os.scandir(folder) as listing:
            for _, item in zip(range(_SCAN_LIMIT), listing, strict=False):
                name = item.name
                if not name.startswith(start) or (name[0] == "." and not start):
                    continue
                if display_text(name) != name:
                    continue
                if item.is_dir():
                    directories.append(os.path.join(directory, name) + "/")
                elif name.endswith(_SUFFIXES):
                    files.append(os.path.join(directory, name))
    except (OSError, ValueError):
        return []
    return (sorted(files) + sorted(directories))[:_OFFER_LIMIT]
