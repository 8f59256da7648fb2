"""The dialog that shows a change set."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.widgets.option_list import Option

from sloth_tui.text import display_text, format_age, format_count
from sloth_tui.tui.actions import by_id, key_of
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.widgets.choices import Choices
from sloth_tui.tui.widgets.dock.change_set_text import author_of, describe_revision, sign_of, title_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.widgets import OptionList

    from sloth_tui.model import ChangeSet, Revision

_SIGNS = {"+": "$success", "~": "$warning", "-": "$error"}
_TITLE_LIMIT = 400


class Choice(NamedTuple):
    """The result of the dialog."""

    undo: bool = False
    key: str | None = None
    """The key to go to."""


class ChangeSetScreen(Dialog[Choice]):
    """Lists the keys that a change set changed, with their old and new values.

    Enter chooses a key; the keys of the actions undo and reveal undo the change set and show masked values.
    ``is_secret`` is True for keys whose values are masked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Close"),
        *(Binding(by_id(name).key, name) for name in ("undo", "reveal") if by_id(name).key),
    ]

    def __init__(
        self,
        change_set: ChangeSet,
        revisions: list[Revision],
        is_secret: Callable[[str], bool],
        *,
        complete: bool,
    ) -> None:
        super().__init__()
        self._change_set = change_set
        self._revisions = revisions
        self._is_secret = is_secret
        self._complete = complete
        self._revealed = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog change") as dialog:
            dialog.border_title = Content(f"Change {display_text(self._change_set.id)}")
            yield Static(Content(display_text(title_of(self._change_set), _TITLE_LIMIT)), classes="question")
            yield Static(self._facts(), classes="facts")
            yield Choices(id="change-keys")
            if not self._complete:
                yield Static(Content("… and more that are not shown"), classes="note")

    def on_mount(self) -> None:
        self._fill(0)

    def on_resize(self) -> None:
        dialog = self.query_one(".dialog")
        dialog.border_subtitle = self._hints(dialog.size.width)

    def action_reveal(self) -> None:
        self._revealed = not self._revealed
        self._fill(self.query_one(Choices).highlighted or 0)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(Choice(key=self._revisions[event.option_index].key))

    def action_undo(self) -> None:
        self.dismiss(Choice(undo=True))

    def action_leave(self) -> None:
        self.dismiss(Choice())

    def _fill(self, at: int) -> None:
        choices = self.query_one(Choices)
        choices.set_options(map(self._option, self._revisions))
        choices.highlighted = at if self._revisions else None

    def _hints(self, room: int) -> str:
        """Return what the keys do, in few words if there is no room for more."""
        hints = [
            (key_of("undo"), "takes it back", "undo"),
            ("enter", "goes to the key", "go there"),
            ("esc", "closes", "close"),
        ]
        if any(self._is_secret(revision.key) for revision in self._revisions):
            hints.insert(2, (key_of("reveal"), "reveals", "reveal"))
        long, short = (
            " · ".join(f"{hint[0]} {hint[words]}" for hint in hints if hint[0]) for words in (1, 2)
        )
        return long if len(long) <= room else short

    def _facts(self) -> Content:
        change_set = self._change_set
        age = format_age(change_set.at, time.time())
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(change_set.at))
        facts = [f"{display_text(author_of(change_set), 80)} · {age}, {moment}"]
        if change_set.origin is not None:
            where = (
                f"{change_set.origin.program} on {change_set.origin.host}, process {change_set.origin.pid}"
            )
            run = f", run {change_set.origin.run}" if change_set.origin.run else ""
            facts.append(display_text(where + run, 160))
        kept = f", {change_set.forgotten:,} are no longer kept" if change_set.forgotten else ""
        facts.append(format_count(change_set.revisions, "change") + kept)
        return Content("\n".join(facts)).stylize("$quiet")

    def _option(self, revision: Revision) -> Option:
        mark = sign_of(revision)
        line = describe_revision(revision, hidden=not self._revealed and self._is_secret(revision.key))
        return Option(Content.assemble((mark, f"bold {_SIGNS[mark]}"), " ", line))
