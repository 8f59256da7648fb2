"""The line at the bottom: the keys that matter now."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

_GAP = 2


class KeyHint(NamedTuple):
    """A key as it is printed, what it does, and the action it stands for. All three are the program's own
    words: no data is in them."""

    key: str
    label: str
    action: str


class KeyBar(Static):
    """As many hints as there is room for, the most important first; each can be clicked.

    It is drawn at once, where a widget for every key would be laid out whenever the pane changes.
    """

    auto_links = False
    """The bar has its own colours for what can be clicked."""

    hints: reactive[tuple[KeyHint, ...]] = reactive(())
    always: reactive[tuple[KeyHint, ...]] = reactive(())
    """Hints that stand at the right whatever else there is."""

    def render(self) -> Content:
        right = Content("").join([_drawn(hint) for hint in self.always])
        room = self.size.width - right.cell_length
        left: list[Content] = []
        for hint in self.hints:
            width = cell_len(hint.key) + cell_len(hint.label) + 1 + _GAP
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
