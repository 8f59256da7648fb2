"""The help screen: every key, from the registry of actions."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sloth_tui.tui.actions import MOTIONS, ON_EVERY_SCREEN, PANES, actions, is_of_runs, key_of, shown_key
from sloth_tui.tui.actions.runs import RUN_VIEWS
from sloth_tui.tui.dialogs.dialog import Dialog
from sloth_tui.tui.widgets.vi_keys import SCROLLING

if TYPE_CHECKING:
    from typing import TypeAlias

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from sloth_tui.tui.actions.action import Action

    Group: TypeAlias = tuple[str, list[tuple[str, str]]]
    """A heading, and lines of keys and what they do."""

_KEYS = 8
"""Cells for the keys."""
_COLUMN = 46
"""Cells of the narrowest column."""
_FRAME_CELLS = 8
"""Cells of the dialog around its columns."""
_GAP_CELLS = 2


class HelpText(VerticalScroll):
    """The part that scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [*SCROLLING]


class HelpScreen(Dialog[None]):
    """Shows the keys by group, in as many columns as fit."""

    def __init__(self, *, runs: bool = False) -> None:
        """``runs``: those of the run screen, not of the browser."""
        super().__init__()
        self._runs = runs
        keys = key_of("help")
        self._bindings.bind("escape", "dismiss", "Close")
        for key in dict.fromkeys(["q", *next(a.key for a in actions() if a.id == "help").split(",")]):
            if key:
                self._bindings.bind(key, "dismiss", "Close")
        self._closes = f"j and k scroll · esc or {keys} closes"

    def compose(self) -> ComposeResult:
        room = int(self.app.size.width * 0.94) - _FRAME_CELLS
        groups = group_keys(runs=self._runs)
        count = max(1, min(3, (room + _GAP_CELLS) // (_COLUMN + _GAP_CELLS)))
        width = min((room + _GAP_CELLS) // count - _GAP_CELLS, 60)
        with Vertical(classes="dialog help") as dialog:
            dialog.styles.width = count * (width + _GAP_CELLS) - _GAP_CELLS + _FRAME_CELLS
            dialog.border_title = "Help"
            dialog.border_subtitle = self._closes
            with HelpText(), Horizontal(classes="columns"):
                for column in balance([format_key_help(group, width) for group in groups], count):
                    text = Static(Content("\n").join(column))
                    text.styles.width = width + _GAP_CELLS
                    yield text


def group_keys(*, runs: bool = False) -> list[Group]:
    """Return each group's name and its lines of keys and what they do, of the browser or the run screen."""
    groups: dict[str, list[tuple[str, str]]] = {}
    panes: list[str] = []
    for action in _of_the_runs() if runs else (one for one in actions() if not is_of_runs(one)):
        if action.id.removeprefix("show_") in PANES:
            panes += [shown_key(action.key)] if action.key else []
        elif action.key:
            groups.setdefault(action.group, []).append((_all_keys(action.key), action.help))
    if panes:
        names = ", ".join(name.lower() for name in PANES.values())
        groups.setdefault("Panes", []).insert(0, (_span(panes), f"Go to {names}"))
    groups["Moving"] = [(_all_keys(keys), help_) for keys, help_ in MOTIONS]
    return list(groups.items())


def _of_the_runs() -> list[Action]:
    own = [one for one in actions() if not set(one.panes).isdisjoint(RUN_VIEWS)]
    return [*own, *(one for one in actions() if one.id in ON_EVERY_SCREEN)]


def _all_keys(keys: str) -> str:
    return " ".join(map(shown_key, keys.split(",")))


def _span(keys: list[str]) -> str:
    """Return ``1-7`` for consecutive digits, else all keys."""
    in_order = all(len(key) == 1 for key in keys) and "".join(keys) in "0123456789"
    return f"{keys[0]}-{keys[-1]}" if in_order and len(keys) > 2 else " ".join(keys)


def format_key_help(group: Group, width: int) -> list[Content]:
    """Return a heading and a line for each key, wrapped to ``width`` cells."""
    name, rows = group
    lines = [Content(name).stylize("bold $primary")]
    for keys, text in rows:
        first, *rest = textwrap.wrap(text, max(width - _KEYS - 3, 10)) or [""]
        if len(keys) > _KEYS:
            lines.append(Content(f"  {keys}").stylize("$accent"))
            rest = [first, *rest]
        else:
            lines.append(Content.assemble((f"  {keys:<{_KEYS}} ", "$accent"), first))
        lines += [Content(" " * (_KEYS + 3) + line) for line in rest]
    return [*lines, Content("")]


def balance(blocks: list[list[Content]], count: int) -> list[list[Content]]:
    """Return the blocks, in order, in at most ``count`` columns that are as short as possible."""
    longest = max(map(len, blocks))
    for height in range(longest, sum(map(len, blocks)) + 1):
        columns = _filled(blocks, height)
        if len(columns) <= count:
            return columns
    return _filled(blocks, sum(map(len, blocks)))


def _filled(blocks: list[list[Content]], height: int) -> list[list[Content]]:
    columns: list[list[Content]] = [[]]
    for block in blocks:
        if columns[-1] and len(columns[-1]) + len(block) > height:
            columns.append([])
        columns[-1] += block
    return columns
