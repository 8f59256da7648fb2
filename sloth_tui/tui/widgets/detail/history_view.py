"""The history of an entry: its revisions, and the difference between any two."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widgets import Static

from sloth_tui.cells import fit
from sloth_tui.masking import MASK
from sloth_tui.origin import EXTERNAL
from sloth_tui.text import display_text, format_age
from sloth_tui.tui.actions import key_of
from sloth_tui.tui.widgets.cursor_view import CursorView
from sloth_tui.tui.widgets.detail.difference import ABSENT, UNKEPT, Piece, compare, paint
from sloth_tui.tui.widgets.detail.value_text import value_lines
from sloth_tui.tui.widgets.line_view import LineView

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.events import Resize

    from sloth_tui.model import Revision, Value

_AUTHOR_CHARACTERS = 10
_PREVIEW_CHARACTERS = 300
_SIDE_BY_SIDE_CELLS = 84
"""Width in cells from which the difference is beside the revisions."""
_LOW_LINES = 12
"""Height in lines below which the difference gets most of the room."""


class RevisionList(CursorView):
    """Shows a line for each revision, newest first; one can be marked for comparison."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "whole", "What it was, or what changed", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self.revisions: list[Revision] = []
        self.hidden = False
        self.marked: int | None = None
        self.whole = False
        """True to show the revision's value below, instead of its difference."""

    @property
    def highlighted(self) -> Revision | None:
        return self.revisions[self.cursor] if self.cursor < len(self.revisions) else None

    def show(self, revisions: list[Revision], *, hidden: bool, afresh: bool) -> None:
        """Show these revisions; the cursor stays on its revision, else on the newest. ``afresh``: they are of
        another key."""
        if afresh:
            self.marked, self.whole, self._cursor = None, False, 0
            self.scroll_home(animate=False)
        here = self.highlighted if self.cursor else None
        self.revisions, self.hidden = revisions, hidden
        numbers = [revision.revision for revision in revisions]
        if here is not None:
            self._cursor = numbers.index(here.revision) if here.revision in numbers else 0
        if self.marked not in numbers:
            self.marked = None
        self.redraw()

    def redraw(self) -> None:
        """Write every line again, with current ages."""
        now = time.time()
        told = [_told(revision, now) for revision in self.revisions]
        widths = [max(map(cell_len, texts)) for texts in zip(*told, strict=True)]
        self._told = sum(widths) + 2 * len(widths)
        self.set_lines(list(map(partial(self._line, widths), told, self.revisions)))

    def on_resize(self, event: Resize) -> None:
        super().on_resize(event)
        self.redraw()

    def paint(self, number: int) -> Content:
        line = Content(self.lines[number]).stylize("$quiet", 2, self._told)
        if number == self.cursor:
            # A sign shows the cursor too, for terminals without colours.
            line = Content.assemble(("▌" if self.has_focus else "▏", "$primary"), line[1:])
        marked = self.revisions[number].revision == self.marked
        return line.stylize("bold $warning", 1, 2) if marked else line

    def walked(self) -> None:
        self._tell()

    def mark(self) -> None:
        """Mark or unmark the revision under the cursor."""
        here = self.highlighted
        if here is not None:
            self.marked = None if self.marked == here.revision else here.revision
            self.redraw()
            self._tell()

    def action_whole(self) -> None:
        self.whole = not self.whole
        self._tell()

    def clicked(self, *, again: bool) -> None:
        if again:
            self.mark()

    def _tell(self) -> None:
        view = self.parent
        if isinstance(view, HistoryView):
            view.compare()

    def _line(self, widths: list[int], told: tuple[str, str, str], revision: Revision) -> str:
        """Return mark, number, age, author and value, cut to the width."""
        number, (age, author) = told[0].rjust(widths[0]), map(set_cell_size, told[1:], widths[1:])
        mark = "●" if revision.revision == self.marked else " "
        value = preview(revision, hidden=self.hidden)
        line = f" {mark}{number}  {age} {author} {value}"
        return line if cell_len(line) <= self._room() else fit(line, self._room())


def _told(revision: Revision, now: float) -> tuple[str, str, str]:
    """Return number, age and author of a revision."""
    author = EXTERNAL if revision.origin is None else display_text(revision.origin.user, _AUTHOR_CHARACTERS)
    return f"{revision.revision:,}", format_age(revision.at, now).removesuffix(" ago"), author


class DifferenceView(LineView):
    """Shows a difference with its signs."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._pieces_shown: list[Piece] = []

    def show(self, pieces: list[Piece]) -> None:
        self._pieces_shown = pieces
        self.set_lines([paint(piece).plain for piece in pieces])
        self.scroll_home(animate=False)

    def paint(self, number: int) -> Content:
        return paint(self._pieces_shown[number])


class HistoryView(Container):
    """Shows the revisions of one entry, and below or beside them what the one under the cursor changed, or
    its difference from the marked one."""

    def __init__(self, *, id: str) -> None:  # noqa: A002  # the framework's name
        super().__init__(id=id)
        self._key: str | None = None

    def compose(self) -> ComposeResult:
        yield RevisionList(id="revisions")
        with Vertical(id="comparison"):
            yield Static(id="revision-facts")
            yield DifferenceView(id="difference")

    @property
    def revisions(self) -> RevisionList:
        return self.query_one(RevisionList)

    def show(self, key: str, revisions: list[Revision], *, hidden: bool) -> None:
        """Show the revisions of ``key``, newest first; ``hidden``: mask the values."""
        self.revisions.show(revisions, hidden=hidden, afresh=key != self._key)
        self._key = key
        self.compare()

    def redraw(self) -> None:
        self.revisions.redraw()

    def on_resize(self, event: Resize) -> None:
        self.set_class(event.size.width >= _SIDE_BY_SIDE_CELLS, "beside")
        self.set_class(event.size.height < _LOW_LINES, "low")

    def compare(self) -> None:
        """Show the difference or the value of the revision under the cursor."""
        revisions = self.revisions
        here = revisions.highlighted
        view, facts = self.query_one(DifferenceView), self.query_one("#revision-facts", Static)
        if here is None:
            facts.update(Content("No revision is kept.").stylize("$quiet"))
            view.show([])
            return
        marked = next((one for one in revisions.revisions if one.revision == revisions.marked), None)
        if revisions.whole:
            facts.update(_heading(here, f"revision {here.revision:,}"))
            view.show(_whole(here, hidden=revisions.hidden))
        elif marked is None or marked is here:
            facts.update(_heading(here, f"what revision {here.revision:,} changed"))
            view.show(_changed(here.old, here.new, hidden=revisions.hidden, secret=here.secret))
        else:
            old, new = sorted((marked, here))
            facts.update(_heading(new, f"from revision {old.revision:,} to {new.revision:,}"))
            secret = old.secret or new.secret
            view.show(_changed(old.new, new.new, hidden=revisions.hidden, secret=secret))


def preview(revision: Revision, *, hidden: bool) -> str:
    """Return the value of a revision on one line."""
    if revision.new is None:
        return UNKEPT if revision.secret and revision.operation != "delete" else ABSENT
    if hidden:
        return MASK
    lines, _ = value_lines(revision.new, 0, _PREVIEW_CHARACTERS)
    return " ".join(map(str.strip, lines))


def _heading(revision: Revision, what: str) -> Content:
    """Return what is compared, then when and by whom the revision was made."""
    return Content.assemble((what, "bold"), "\n", (f"{describe_author(revision)}", "$quiet"))


def describe_author(revision: Revision) -> str:
    """Return when a revision was made, by whom and by what."""
    origin = revision.origin
    parts = [format_age(revision.at, time.time())]
    if origin is None:
        parts.append("another program")
    else:
        parts += [display_text(origin.user, 40), display_text(origin.title or origin.program, 120)]
        parts += [f"task {display_text(origin.task, 60)}"] if origin.task else []
    return " · ".join(parts)


def _whole(revision: Revision, *, hidden: bool) -> list[Piece]:
    if hidden or revision.new is None:
        return [Piece("~", preview(revision, hidden=hidden))]
    lines, note = value_lines(revision.new, 0, 32 * 1024)
    return [
        *(Piece(" ", line) for line in lines),
        *([Piece("~", "only the beginning is shown")] if note else []),
    ]


def _changed(old: Value | None, new: Value | None, *, hidden: bool, secret: bool) -> list[Piece]:
    if secret:
        return [Piece("~", "Its values are kept out of history.")]
    if hidden:
        return [Piece("~", f"masked, {key_of('reveal')} reveals it")]
    pieces = compare(old, new)
    if not pieces:
        if old is not None and new is not None and type(old) is not type(new):
            return [Piece("~", "The same text, of another type.")]
        return [Piece("~", "No difference.")]
    return pieces
