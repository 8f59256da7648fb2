"""The information about an entry, without its value."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from sloth_tui.text import display_text, format_age, format_count, format_left, format_size
from sloth_tui.tui.widgets.vi_keys import SCROLLING

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from sloth_tui.model import Entry, Origin, Revision, Value

_LIMIT = 400
_NAME_CELLS = 9
"""Cells for the names."""
_COUNTED_CHARACTERS = 1024 * 1024
"""Characters of the longest text whose lines are counted."""


class InfoView(VerticalScroll):
    """Shows size, revision, times, history and author of an entry."""

    BINDINGS: ClassVar[list[BindingType]] = [*SCROLLING]

    def compose(self) -> ComposeResult:
        yield Static(id="info-lines")

    def show(
        self, entry: Entry | None, revisions: list[Revision] | None, *, secret: bool, more: bool
    ) -> None:
        """Show an entry. ``revisions``, newest first, are None until read; ``more``: there are older ones."""
        shown = "" if entry is None else list_facts(entry, revisions, time.time(), secret=secret, more=more)
        self.query_one("#info-lines", Static).update(shown)


def list_facts(
    entry: Entry, revisions: list[Revision] | None, now: float, *, secret: bool, more: bool
) -> Content:
    """Return rows of names and their values."""
    rows: list[tuple[str, list[str]]] = [
        ("type", [entry.type]),
        ("size", [format_size(entry.size), *_extent(entry.value, secret=secret)]),
        ("revision", ["-" if entry.revision is None else f"{entry.revision:,}"]),
        ("updated", _moment(entry.updated_at, now)),
        ("created", _moment(entry.created_at, now)),
    ]
    if entry.expires_at is not None:
        left = f"{format_left(entry.expires_at, now)} left"
        rows.append(("lives", [left, *_moment(entry.expires_at, now)[1:]]))
    if revisions is not None:
        rows.append(("history", _kept(revisions, now, more=more)))
        if revisions:
            rows += [("", [""]), *_author(revisions[0])]
    if secret:
        rows += [("", [""]), ("secret", ["masked, by its name"])]
    lines = [
        Content.assemble((f"{'' if place else name:<{_NAME_CELLS}}", "$quiet"), text)
        for name, texts in rows
        for place, text in enumerate(texts)
    ]
    return Content("\n").join(lines)


def _author(revision: Revision) -> list[tuple[str, list[str]]]:
    """Return rows about the author of a revision."""
    origin: Origin | None = revision.origin
    if origin is None:
        return [("by", ["another program"])]
    rows = [
        ("by", [origin.user, f"on {origin.host}"]),
        ("program", [origin.program, f"process {origin.pid}"]),
        ("what", [origin.title]),
        ("run", [origin.run or ""]),
        ("task", [origin.task or ""]),
        ("change", ["" if revision.change_set_id is None else str(revision.change_set_id)]),
    ]
    return [(name, [display_text(text, _LIMIT) for text in texts]) for name, texts in rows if texts != [""]]


def _kept(revisions: list[Revision], now: float, *, more: bool) -> list[str]:
    if not revisions:
        return ["nothing is kept"]
    least = "at least " if more else ""
    count = f"{least}{format_count(len(revisions), 'revision')}"
    return [count, f"oldest {format_age(revisions[-1].at, now)}"]


def _moment(at: float | None, now: float) -> list[str]:
    """Return how long ago, and the local time."""
    if at is None:
        return ["-"]
    return [format_age(at, now), time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))]


def _extent(value: Value, *, secret: bool) -> list[str]:
    """Return the numbers of members, items, or characters and lines of a value."""
    if secret:
        return []
    if isinstance(value, dict):
        return [format_count(len(value), "member")]
    if isinstance(value, list):
        return [format_count(len(value), "item")]
    if isinstance(value, str) and len(value) <= _COUNTED_CHARACTERS:
        return [format_count(len(value), "character"), format_count(value.count("\n") + 1, "line")]
    return []
