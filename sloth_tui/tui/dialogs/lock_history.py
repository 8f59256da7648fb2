"""The dialog that shows who held a lock, and how each acquisition ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets.option_list import Option

from sloth_tui.text import display_text, format_age, format_count, format_duration
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.widgets.choices import Choices

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from sloth_tui.model import LockUse, Origin

_NAME_CHARACTERS, _TITLE_CHARACTERS = 40, 60
_STYLES = {
    None: "$primary",
    "released": "$success",
    "broken": "$error",
    "expired": "$warning",
    "abandoned": "$warning",
}


class LockHistoryScreen(Dialog[None]):
    """Lists acquisitions, newest first, two lines each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss(None)", "Close", priority=True)
    ]

    def __init__(self, name: str | None, uses: list[LockUse]) -> None:
        """``name``: of the lock; None if they are of several."""
        super().__init__()
        self._name = name
        self._uses = uses

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog change") as dialog:
            title = "Locks" if self._name is None else f"Lock {display_text(self._name, _NAME_CHARACTERS)}"
            dialog.border_title = Content(title)
            dialog.border_subtitle = "esc closes"
            yield Choices(*map(self._option, self._uses), id="lock-uses")

    def on_mount(self) -> None:
        self.query_one(Choices).focus()

    def _option(self, use: LockUse) -> Option:
        now = time.time()
        name = "" if self._name is not None else f"{display_text(use.name, _NAME_CHARACTERS)} · "
        holder = display_text(use.holder, _NAME_CHARACTERS)
        head = Content.assemble(
            (f"{use.end or 'held':<9} ", f"bold {_STYLES[use.end]}"),
            f"{name}{holder} · token {use.token} · {format_age(use.acquired_at, now)}",
        )
        return Option(Content("\n").join([head, Content(f"          {_facts(use)}").stylize("$quiet")]))


def _facts(use: LockUse) -> str:
    facts = []
    if use.ended_by is not None and use.ended_by != use.origin:
        facts.append(f"by {_who(use.ended_by)}")
    if use.ended_at is not None:
        facts.append(f"for {format_duration(max(0.0, use.ended_at - use.acquired_at))}")
    if use.renewals:
        facts.append(f"renewed {format_count(use.renewals, 'time')}")
    if use.origin is not None:
        facts.append(f"taken by {_who(use.origin)}")
    return " · ".join(facts)


def _who(origin: Origin) -> str:
    where = f"{origin.user}@{origin.host}:{origin.pid}"
    return display_text(f"{where} ({origin.title})" if origin.title else where, _TITLE_CHARACTERS)
