"""Figures about the store on screen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sloth_tui.text import display_text, format_age, format_size
from sloth_tui.tui.widgets.pane import DockPane

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from sloth_tui.model import Stats

_BAR = 16


class StatsPane(DockPane):
    NUMBER = 5
    NAME = "Stats"

    def furniture(self) -> ComposeResult:
        yield VerticalScroll(Static(id="stats-figures"), id="stats-scroll")

    def show(self, stats: Stats | None) -> None:
        """Show these figures; None: there are none (yet)."""
        figures = self.query_one("#stats-figures", Static)
        if stats is None:
            figures.update("")
            self.entitle()
            return
        figures.update(figures_of(stats, time.time()))
        self.entitle(format_size(stats.file_size))


def figures_of(stats: Stats, now: float) -> Content:
    """The figures in lines, then the types as bars."""
    free = f", {stats.free_pages / stats.page_count:.0%} free" if stats.page_count else ""
    kept = f"since revision {stats.oldest_revision:,}" if stats.oldest_revision else ""
    rows = [
        ("keys", f"{stats.total_keys:,}", format_size(stats.total_size)),
        ("history", f"{stats.revisions:,}", f"{format_size(stats.history_size)} {kept}"),
        ("revision", f"{stats.revision:,}", _newest(stats, now)),
        ("file", format_size(stats.file_size), f"{stats.page_count:,} pages{free}"),
        ("WAL", format_size(stats.wal_size), ""),
    ]
    width = max(len(figure) for _, figure, _ in rows)
    lines = [
        Content.assemble((f"{name:<9}", "$quiet"), (figure.rjust(width), "bold"), ("  " + note, "$quiet"))
        for name, figure, note in rows
    ]
    return Content("\n").join(lines + type_bars(stats.types, width))


def _newest(stats: Stats, now: float) -> str:
    return f"changed {format_age(float(stats.last_modified), now)}" if stats.last_modified else ""


def type_bars(types: dict[str, int], width: int) -> list[Content]:
    """One bar for each type that occurs, the commonest first."""
    most = max(types.values(), default=0)
    return [
        Content.assemble(
            (f"{display_text(name, 8):<9}", "$accent"),
            f"{count:,}".rjust(width),
            "  ",
            ("━" * max(1, round(_BAR * count / most)), "$primary"),
        )
        for name, count in sorted(types.items(), key=lambda item: (-item[1], item[0]))
        if count
    ]
