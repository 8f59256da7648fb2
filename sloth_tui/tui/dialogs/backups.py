"""The dialog that lists the backups of an agent."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from sloth_tui.text import display_text, format_age, format_count, format_size
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.widgets.choices import Choices

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widgets import OptionList

    from sloth_tui.model import Backup

_NAME_LIMIT = 120


class BackupsScreen(Dialog["Backup | None"]):
    """Lists backups, newest first; returns the one that was chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "Cancel")]

    def __init__(self, agent: str, backups: list[Backup]) -> None:
        super().__init__()
        self._agent = agent
        self._backups = backups

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog choose") as dialog:
            dialog.border_title = Content("Restore")
            dialog.border_subtitle = "enter goes on · esc leaves"
            count = format_count(len(self._backups), "backup")
            yield Static(Content(f"{count} of agent {display_text(self._agent)}"), classes="question")
            yield Choices(*map(_option, self._backups), id="backups")
            yield Static(Content("nothing is changed before you are asked once more"), classes="note")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._backups[event.option_index])


def _option(backup: Backup) -> Option:
    why = "asked for" if backup.reason is None else f"before {backup.reason}"
    age = f"{format_age(backup.at, time.time()):>10}  {format_size(backup.size):>9}  {why}"
    name = display_text(os.path.basename(backup.path), _NAME_LIMIT)
    return Option(Content.assemble(age, "\n            ", (name, "$quiet")))
