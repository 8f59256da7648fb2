"""The list of held locks, with their remaining time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.cells import cell_len

from sloth_tui.text import display_text, format_age, format_duration
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.messages import LockExpired, LockSelected
from sloth_tui.tui.widgets.dock.change_set_text import OTHERS
from sloth_tui.tui.widgets.dock.list_pane import ListPane
from sloth_tui.tui.widgets.dock.table_layout import TableColumn, TableLayout

if TYPE_CHECKING:
    from textual.content import Content
    from textual.events import Resize, Show
    from textual.timer import Timer
    from textual.widgets import OptionList

    from sloth_tui.model import Lock, LockBreak
    from sloth_tui.tui.messages import LocksRead

_BAR, _WIDE_BAR = 8, 16
_WIDE_BAR_ROOM_CELLS = 100
_LONGER_BAR_CELLS = 16
"""Cells that a bar may take of the room the other columns leave."""
_TIME_CELLS = 7
"""Cells of a remaining time: ``23h 59m``."""
_RECENT_SECONDS = 3600.0
"""How long a broken lock is mentioned."""
_NOTE_REFRESH_SECONDS = 30.0


class LocksPane(ListPane):
    """Shows every held lock on a line; the bars shrink once a second."""

    THING = "lock"

    def __init__(self, *, id: str) -> None:  # noqa: A002  # theirs
        super().__init__(id=id)
        self._locks: list[Lock] = []
        self._read_at = 0.0
        self._told = False
        self._broken: LockBreak | None = None

    def words(self) -> str:
        return (
            "No lock is held.\nWhat a run or lock acquire takes is listed here, "
            f"and {key_of('break_lock')} breaks it."
        )

    def on_loaded(self) -> None:
        self._ticks: Timer = self.set_interval(1.0, self._tick, pause=True)
        self.set_interval(_NOTE_REFRESH_SECONDS, self._entitle)
        self.show_nothing()

    @property
    def highlighted(self) -> Lock | None:
        """The lock under the cursor."""
        index = self.options.highlighted if self._locks else None
        return self._locks[index] if index is not None and index < len(self._locks) else None

    @property
    def locks(self) -> list[Lock]:
        return self._locks

    def take(self, read: LocksRead) -> None:
        """Show what was read."""
        self.show(read.locks, read.at, read.broken)

    def show_nothing(self) -> None:
        self._list([], 0.0, None)

    def show(self, locks: list[Lock], read_at: float, broken: LockBreak | None = None) -> None:
        """Show these locks, read at ``read_at`` (``time.monotonic``); the cursor stays on its lock.
        ``broken`` is the last one broken."""
        self.describe(nothing=not locks)
        self._list(locks, read_at, broken)

    def _list(self, locks: list[Lock], read_at: float, broken: LockBreak | None) -> None:
        before = self.highlighted
        same = [lock.name for lock in locks] == [lock.name for lock in self._locks]
        self._locks, self._read_at, self._told = locks, read_at, False
        if same:
            self.redraw()
        else:
            self.rebuild([lock.name for lock in locks], before.name if before else None)
        self._broken = broken
        self._entitle()
        if locks:
            self._ticks.resume()
        else:
            self._ticks.pause()

    def _entitle(self) -> None:
        self.entitle(f"{len(self._locks):,}" if self._locks else "", _lately(self._broken, time.time()))

    def on_show(self, event: Show) -> None:
        if self._locks:
            self.redraw()

    def on_resize(self, event: Resize) -> None:
        if self._locks:
            self.redraw()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(LockSelected())

    def _tick(self) -> None:
        passed = time.monotonic() - self._read_at
        if not self._told and any(lock.remaining <= passed for lock in self._locks):
            self._told = True
            self.post_message(LockExpired())
        if self.is_on_screen and self.size.width:
            self.redraw()

    def lines(self) -> list[Content]:
        passed, now = max(time.monotonic() - self._read_at, 0.0), time.time()
        table = LockTable(self._locks, self.room)
        self.head(table.heading())
        return [table.line(lock, max(lock.remaining - passed, 0.0), now) for lock in self._locks]


class LockTable:
    """The columns for these locks; name and time stay on any width."""

    def __init__(self, locks: list[Lock], room: int) -> None:
        self._bar = _WIDE_BAR if room >= _WIDE_BAR_ROOM_CELLS else _BAR
        holder = _widest([lock.holder for lock in locks], "holder", 24)
        owner = max([cell_len(describe_owner(lock)[0]) for lock in locks] + [5])
        token = max([len(str(lock.token)) for lock in locks] + [5])
        name = _widest([lock.name for lock in locks], "lock", 30)
        columns = {
            "name": TableColumn("lock", name, min_width=4, required=True),
            "time": TableColumn("time left", self._bar + 2 + _TIME_CELLS, required=True),
            "holder": TableColumn("holder", holder, min_width=6),
            "owner": TableColumn("owner", owner),
            "acquired": TableColumn("acquired", 8, right=True),
            "token": TableColumn("token", token, right=True),
        }
        self._layout = TableLayout(columns, ("time", "name", "holder", "owner", "acquired", "token"), room)
        self._bar += self._layout.widen("time", _LONGER_BAR_CELLS)

    def heading(self) -> Content:
        return self._layout.heading()

    def line(self, lock: Lock, remaining: float, now: float) -> Content:
        lease = None if lock.acquired_at is None else lock.expires_at - lock.acquired_at
        bar, ending, style = draw_bar(remaining, lease, self._bar)
        left = f"{bar} {'!' if ending else ' '}{format_duration(_coarse(remaining))}"
        return self._layout.line(
            {
                "name": (lock.name, ""),
                "time": (left, style),
                "holder": (lock.holder, "$secondary"),
                "owner": describe_owner(lock),
                "acquired": (format_age(lock.acquired_at, now).removesuffix(" ago"), "$quiet"),
                "token": (str(lock.token), "$quiet"),
            }
        )


def describe_owner(lock: Lock) -> tuple[str, str]:
    """Return who took the lock and, if the lock depends on it, whether that process is alive; and a style."""
    if lock.owner is None:
        return "not known", "$quiet"
    process = f"{display_text(lock.owner.host, 20)}:{lock.owner.pid}"
    if not lock.ephemeral:
        return f"  {process}", "$quiet"
    return (f"● {process}", "$success") if lock.alive else (f"? {process}", "$quiet")


def draw_bar(remaining: float, lease: float | None, width: int = _BAR) -> tuple[str, bool, str]:
    """Return a bar of the rest of a lease (seconds), whether the end is near, and the style of the bar. A
    lease of unknown length is drawn full."""
    share = 1.0 if lease is None else min(remaining / lease, 1.0) if lease > 0 else 0.0
    halves = min(2 * width, int(share * 2 * width + 0.999))
    ending = remaining < 10 or share < 0.1
    style = "bold $error" if ending else "$warning" if share < 0.3 else "$primary"
    filled = "━" * (halves // 2) + "╸" * (halves % 2)
    return filled + "╌" * (width - len(filled)), ending, style


def _lately(broken: LockBreak | None, now: float) -> str:
    """Return which lock was broken within the last hour, and by whom; else an empty text."""
    if broken is None or now - broken.at > _RECENT_SECONDS:
        return ""
    by = OTHERS if broken.origin is None else broken.origin.user
    return f"{display_text(broken.name, 40)} broken by {display_text(by, 20)} {format_age(broken.at, now)}"


def _coarse(seconds: float) -> float:
    return float(int(seconds)) if seconds >= 1 else round(seconds, 1)


def _widest(texts: list[str], title: str, most: int) -> int:
    return min(max([cell_len(display_text(text, most)) for text in texts] + [len(title)]), most)
