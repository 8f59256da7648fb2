"""The log: the change sets of the store, newest first."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from rich.cells import cell_len

from sloth_tui.text import display_text, format_age
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.messages import ChangeSetSelected, MoreLogRequested
from sloth_tui.tui.widgets.dock.change_set_text import author_of, title_of
from sloth_tui.tui.widgets.dock.list_pane import ListPane
from sloth_tui.tui.widgets.dock.table_layout import TableColumn, TableLayout

if TYPE_CHECKING:
    from textual.content import Content
    from textual.events import Resize, Show
    from textual.widgets import OptionList

    from sloth_tui.model import ChangeSet
    from sloth_tui.tui.messages import LogRead

_AGE, _AUTHOR = 4, 16
_MIN_TITLE_CELLS = 24
"""Cells that a title keeps before another column is shown."""
_AGE_REFRESH_SECONDS = 10.0
"""Between two redraws of ages."""
_NEAR_END_LINES = 20
"""Lines from the end at which more are requested."""
_TAKES_BACK = re.compile(r"(undo|redo) (x?\d+): ")


class LogPane(ListPane):
    """Shows who changed what, and when. The cursor stays on its change set while newer ones arrive."""

    THING = "log"

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._change_sets: list[ChangeSet] = []
        self._undone: frozenset[str] = frozenset()
        self._more = False
        self._stale = False
        """True if the list was not updated because it is not visible."""

    def words(self) -> str:
        return (
            "Nothing has been changed yet.\nWhat anybody changes is listed here, "
            f"and {key_of('undo')} takes it back."
        )

    def on_loaded(self) -> None:
        self.set_interval(_AGE_REFRESH_SECONDS, self._age)
        self.show_nothing()

    def take(self, read: LogRead) -> None:
        """Show what was read."""
        self.show(read.change_sets, complete=read.complete, more=read.more)

    def show_nothing(self) -> None:
        self._list([], complete=True, more=False)

    @property
    def change_sets(self) -> list[ChangeSet]:
        return self._change_sets

    @property
    def highlighted(self) -> ChangeSet | None:
        """The change set under the cursor."""
        index = None if self._stale else self.options.highlighted
        return self._change_sets[index] if index is not None and index < len(self._change_sets) else None

    def show(self, change_sets: list[ChangeSet], *, complete: bool, more: bool = False) -> None:
        """Show these, newest first; ``complete``: there are no others, ``more``: others can be requested."""
        self.describe(nothing=not change_sets)
        self._list(change_sets, complete=complete, more=more)

    def _list(self, change_sets: list[ChangeSet], *, complete: bool, more: bool) -> None:
        on = self.highlighted
        same = [one.id for one in change_sets] == [one.id for one in self._change_sets]
        self._change_sets, self._more = change_sets, more
        self._undone = find_undone(change_sets)
        note = "" if complete or more else f"the newest {len(change_sets):,}"
        self.entitle(f"{len(change_sets):,}{'' if complete else '+'}" if change_sets else "", note)
        if not self._seen:
            self._stale = True
        elif same and not self._stale:
            self.redraw()
        else:
            self._rebuild(on.id if on else None)

    @property
    def _seen(self) -> bool:
        return self.is_on_screen and self.size.width > 0

    def on_show(self, event: Show) -> None:
        if self._stale and self.children:
            self._rebuild(None)

    def on_resize(self, event: Resize) -> None:
        if self._change_sets and not self._stale:
            self.redraw()
        elif self._stale and self.children:
            self._rebuild(None)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self._more and event.option_index >= len(self._change_sets) - _NEAR_END_LINES:
            self._more = False
            self.post_message(MoreLogRequested())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_index < len(self._change_sets):
            self.post_message(ChangeSetSelected(self._change_sets[event.option_index]))

    def _age(self) -> None:
        if self._change_sets and self._seen and not self._stale:
            self.redraw()

    def lines(self) -> list[Content]:
        table, now = LogTable(self._change_sets, self.room), time.time()
        self.head(table.heading())
        return [table.line(one, now, gone=one.id in self._undone) for one in self._change_sets]

    def _rebuild(self, highlighted: str | None) -> None:
        self._stale = False
        self.rebuild([change_set.id for change_set in self._change_sets], highlighted)


class LogTable:
    """The columns for these change sets; age and title stay on any width."""

    def __init__(self, change_sets: list[ChangeSet], room: int) -> None:
        author = min(max([cell_len(_author(one)) for one in change_sets] + [6]), _AUTHOR)
        size = max([len(_size(one)) for one in change_sets] + [7])
        longest_id = max([len(one.id) for one in change_sets] + [2])
        columns = {
            "age": TableColumn("when", _AGE, required=True, right=True),
            "author": TableColumn("author", author),
            "size": TableColumn("changes", size, right=True),
            "title": TableColumn("what was done", _MIN_TITLE_CELLS, min_width=8, required=True),
            "id": TableColumn("id", longest_id, right=True),
        }
        self._layout = TableLayout(columns, ("age", "title", "id", "author", "size"), room)
        self._layout.widen("title")

    def heading(self) -> Content:
        return self._layout.heading()

    def line(self, change_set: ChangeSet, now: float, *, gone: bool) -> Content:
        """Return the line of a change set; ``gone``: it was undone."""
        style = "$quiet" if gone else "" if change_set.origin else "$accent"
        return self._layout.line(
            {
                "age": (format_age(change_set.at, now).removesuffix(" ago"), "$quiet"),
                "author": (_author(change_set), "$secondary"),
                "size": (_size(change_set), "$quiet"),
                "title": (f"↶ {title_of(change_set)}" if gone else title_of(change_set), style),
                "id": (change_set.id, "$quiet"),
            }
        )


def find_undone(change_sets: list[ChangeSet]) -> frozenset[str]:
    """Return the ids of the change sets that a later one undid, by their titles."""
    gone: set[str] = set()
    for change_set in reversed(change_sets):
        found = None if change_set.origin is None else _TAKES_BACK.match(change_set.origin.title)
        if found is not None:
            (gone.add if found[1] == "undo" else gone.discard)(found[2])
    return frozenset(gone)


def _author(change_set: ChangeSet) -> str:
    return display_text(author_of(change_set), 4 * _AUTHOR)


def _size(change_set: ChangeSet) -> str:
    """Return the number of revisions: ``12``, or ``12 of 20`` if some are forgotten."""
    return f"{change_set.revisions:,}" + (
        f" of {change_set.revisions + change_set.forgotten:,}" if change_set.forgotten else ""
    )
