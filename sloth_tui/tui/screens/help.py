"""Every key, drawn from the registry of actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sloth_tui.tui.actions import ACTIONS, PALETTE_KEY, shown_key
from sloth_tui.tui.screens.dialog import Dialog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.app import ComposeResult
    from textual.binding import BindingType


class HelpScreen(Dialog[None]):
    """Keys by group; ``more`` are keys of the focused widget as (key, help)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close"),
    ]

    def __init__(self, more: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__()
        self._more = list(more)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog help") as dialog:
            dialog.border_title = "Keys"
            dialog.border_subtitle = "esc closes"
            with VerticalScroll(), Horizontal(classes="columns"):
                groups = key_groups(self._more)
                half = len(groups) // 2
                yield Static(key_help(groups[:half]))
                yield Static(key_help(groups[half:]))


def key_groups(more: list[tuple[str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each group's name and its lines: keys and what they do."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for action in ACTIONS:
        if action.key:
            keys = " ".join(shown_key(key) for key in action.key.split(","))
            groups.setdefault(action.group, []).append((keys, action.help))
    groups["App"].append((shown_key(PALETTE_KEY), "Find any of these by its name"))
    if more:
        groups["Table"] = more
    return list(groups.items())


def key_help(groups: list[tuple[str, list[tuple[str, str]]]]) -> Content:
    """A heading for each group and a line for each key."""
    lines: list[Content] = []
    for group, rows in groups:
        lines.append(Content(group).stylize("bold $primary"))
        lines += [Content.assemble((f"  {keys:<10}", "$accent"), text) for keys, text in rows]
        lines.append(Content(""))
    return Content("\n").join(lines)
