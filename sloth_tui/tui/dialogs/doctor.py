"""The dialog with what an examination of a store found."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sloth_tui.text import display_text, format_count
from sloth_tui.tui.dialogs.dialog import Dialog

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from sloth_tui.model import Check, Examined

_SIGNS = {"ok": ("✓", "$success"), "warning": ("!", "$warning"), "damage": ("✗", "$error")}
_TEXT_LIMIT = 400


class DoctorScreen(Dialog[None]):
    """Shows every check, damage first; the texts may be data."""

    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,enter", "dismiss", "Close")]

    def __init__(self, found: Examined) -> None:
        super().__init__()
        self._found = found

    def compose(self) -> ComposeResult:
        found = self._found
        order = list(_SIGNS)[::-1]
        with Vertical(classes="dialog help" + ("" if found.healthy else " danger")) as dialog:
            dialog.border_title = Content(f"Doctor: agent {display_text(found.agent)}")
            dialog.border_subtitle = "esc closes"
            yield Static(Content(self._verdict()), classes="question")
            with VerticalScroll():
                checks = sorted(found.checks, key=lambda check: order.index(check.status))
                yield Static(Content("\n").join(map(_lines, checks)))

    def _verdict(self) -> str:
        warnings = sum(check.status == "warning" for check in self._found.checks)
        if not self._found.healthy:
            return "The store is damaged"
        return f"Not damaged, {format_count(warnings, 'warning')}" if warnings else "The store is sound"


def _lines(check: Check) -> Content:
    sign, style = _SIGNS[check.status]
    line = Content.assemble(
        (sign, f"bold {style}"), f" {check.name}: ", (display_text(check.text, _TEXT_LIMIT), "$quiet")
    )
    if check.hint is None or check.status == "ok":
        return line
    return Content("\n").join([line, Content(f"  {display_text(check.hint, _TEXT_LIMIT)}")])
