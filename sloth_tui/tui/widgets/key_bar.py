"""The footer: the keys of the current pane."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

_GAP_CELLS = 2


class KeyHint(NamedTuple):
    """A key as printed on a keyboard, what it does, and its action. None of them holds data."""

    key: str
    label: str
    action: str


class KeyBar(Static):
    """Shows as many hints as fit, most important first; each can be clicked.

    It is one widget: one for every key would be laid out whenever the pane changes.
    """

    auto_links = False
    """The bar has its own colours for what can be clicked."""

    hints: reactive[tuple[KeyHint, ...]] = reactive(())
    always: reactive[tuple[KeyHint, ...]] = reactive(())
    """Hints that are always shown, at the right."""

    def render(self) -> Content:
        right = Content("").join([_drawn(hint) for hint in self.always])
        room = self.size.width - right.cell_length
        left: list[Content] = []
        for hint in self.hints:
            width = cell_len(hint.key) + cell_len(hint.label) + 1 + _GAP_CELLS
            if width > room:
                break
            room -= width
            left.append(_drawn(hint))
        return Content.assemble(*left, " " * room, right)


def _drawn(hint: KeyHint) -> Content:
    return Content.from_markup(
        f"[@click={hint.action}] [bold $footer-key-foreground]$key[/] $label [/]",
        key=hint.key,
        label=hint.label,
    )
