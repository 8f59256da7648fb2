"""The table of keys: millions of rows, of which it only ever holds those around the ones on screen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.model import SORT_COLUMNS, Query
from sloth_tui.tui.messages import (
    MarksDoubted,
    MarkWanted,
    PageWanted,
    RangeMoved,
    RowHighlighted,
    SortChosen,
)
from sloth_tui.tui.widgets.key_table.row_cache import spot_of
from sloth_tui.tui.widgets.key_table.tree_lines import TreeLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.timer import Timer

    from sloth_tui.model import Row

_REST = 0.08
"""Seconds the cursor has to rest on a row before it counts as highlighted, when it is moving quickly."""


class KeyTable(TreeLines):
    """Shows the answer of the newest generation it was told of.

    Set ``asked`` to a new query and :meth:`reset` to its generation; then hand on what RowsIndexed
    (:meth:`index`), RowsChanged (:meth:`change`) and PageLoaded (:meth:`load`) of this generation say. The
    old answer stays on screen until the first page of the new one is there. Posts PageWanted,
    RowHighlighted, RowChosen and SortChosen.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  # theirs
        super().__init__(id=id, classes=classes)
        self.asked = Query()
        """What the newest answer is the answer to."""
        self._generation = self._shown_generation = -1
        self.outlived = False
        """Whether the rows on screen are still those of a store that is not looked into any more."""
        self._told_count = 0
        self._outdated = False
        """Whether what is on screen waits for rows that were asked for after a change."""
        self._sent = False
        """Whether somebody said where the cursor goes then: what moves meanwhile does not matter."""
        self._shift = 0
        """By how many lines the key under the cursor will have moved then."""
        self._destination: int | None = None
        """Where the cursor goes as soon as an awaited answer is here."""
        self._announced: tuple[str | None, str | None] | None = None
        self._moved_at = 0.0
        self._rest: Timer | None = None

    def reset(self, generation: int, *, afresh: bool = False) -> None:
        """Another query was asked, ``afresh``: of another store; only answers of this generation count from
        now on."""
        self._generation = generation
        self.outlived = self.outlived or afresh
        self._told_count, self._outdated, self._shift, self._destination = 0, False, 0, None
        self._sent = False
        self.rows.forget()

    def index(self, count: int, rows: Sequence[Row | None] = (), *, complete: bool) -> None:
        """There are so many rows, and these are the first; ``complete``, or as far as is known yet."""
        self._told_count = count
        if not self._awaits_answer:
            self.set_count(count)
        elif complete and not count:
            self._take_over(0, [])
        elif rows and self._destination is None:
            self._take_over(0, list(rows))
        self.lines_moved()

    def change(self, count: int, key: str | None, position: int | None, *, node: bool = False) -> None:
        """Rows may have changed; if ``key``, or the ``node`` with this prefix, is under the cursor,
        ``position`` is where it is now."""
        if self.marks:
            self.post_message(MarksDoubted())
        if self._awaits_answer:
            self.index(count, complete=True)
            return
        self._told_count, self._outdated = count, True
        if (
            position is not None
            and not self._sent
            and key is not None
            and key == (self.node if node else self.key)
        ):
            self._shift = position - self.cursor
        self.rows.forget()
        if not count:
            self._take_over(0, [])
        self.lines_moved()

    def load(self, first: int, rows: list[Row | None]) -> None:
        """Here are the rows ``first`` and following."""
        if self._outdated or self._awaits_answer:
            self._take_over(first, rows)
        else:
            self.refresh_lines_at(*self.rows.load(first, rows))
            self.measure(rows)
            self.cursor_moved()

    def go_to(self, line: int) -> None:
        """Put the cursor on a line, as soon as it is there if rows are still awaited."""
        if self._awaits_answer:
            self._destination = line
        elif self._outdated:
            self._shift, self._sent = line - self.cursor, True
        else:
            self.move_to(line)
            return
        self.rows.forget()
        self.lines_moved()

    @property
    def _awaits_answer(self) -> bool:
        return self._generation != self._shown_generation

    def lines_moved(self) -> None:
        """Ask for the rows that are, or are about to come, on screen."""
        shift = self._shift if self.top else 0
        top = (self._destination or 0) if self._awaits_answer else self.top + shift
        height = self.lines_on_screen
        wanted = self.rows.want(min(top, max(self._told_count - height, 0)), height, self._told_count)
        if wanted is not None:
            self.post_message(PageWanted(self._generation, wanted.start, len(wanted)))

    def cursor_moved(self) -> None:
        """Tell which key is highlighted; one that is only passed on the way to another is not."""
        if self.count and self.cursor not in self.rows:
            return
        now = time.monotonic()
        hurried, self._moved_at = now - self._moved_at < _REST, now
        if self._rest is not None:
            self._rest.stop()
        if hurried:
            self._rest = self.set_timer(_REST, self._announce)
        else:
            self._announce()

    def mark_clicked(self) -> None:
        self.post_message(MarkWanted())

    def range_clicked(self) -> None:
        if self.key is not None and self.range_from is not None:
            self.post_message(RangeMoved(self.range_from, self.key, ends=True))

    def heading_clicked(self, x: int) -> None:
        for column in reversed(self.columns):
            if column.start <= x < column.start + column.width and column.name in SORT_COLUMNS:
                self.post_message(SortChosen(column.name))

    def _announce(self) -> None:
        if self.count and self.cursor not in self.rows:
            # It has moved on to a row that is not here yet, which is told of when it is.
            return
        key, node = self.key, self.node
        if self._announced != (key, node):
            self._announced = (key, node)
            self.post_message(RowHighlighted(key, node))
            if key is not None and self.range_from is not None:
                self.post_message(RangeMoved(self.range_from, key, ends=False))

    def _take_over(self, first: int, rows: list[Row | None]) -> None:
        """Show these rows in place of all that are on screen."""
        row, count, before = self.row, self.count, self.rows.by_spot()
        changed = self.rows.load(first, rows, anew=True)
        awaited, self._shown_generation, self._outdated = self._awaits_answer, self._generation, False
        self.set_count(self._told_count)
        self.measure(rows)
        if awaited:
            destination, self._destination, self.outlived = self._destination, None, False
            self.answered = self.asked
            self._announced, self._moved_at = None, time.monotonic()
            self.scroll_to(y=0, animate=False)
            if destination is None:
                destination = self.rows.numbers().get(spot_of(row), 0) if row is not None else 0
            self.move_to(destination)
            self.refresh()
        else:
            shift, sent, self._shift, self._sent = self._shift, self._sent, 0, False
            if not (shift or sent) and row is not None:
                # It came there only now, and where it moved to was not asked yet.
                shift = self.rows.numbers().get(spot_of(row), self.cursor) - self.cursor
            if shift:
                self.shift_by(shift)
            self.flash(spot for spot, row in self.rows.by_spot().items() if _differs(before.get(spot), row))
            self.refresh_lines_at(*changed)
            if count != self.count:
                self.refresh()
            self.cursor_moved()
        self.lines_moved()


def _differs(before: Row | None, now: Row) -> bool:
    """Whether somebody changed a row; to open or close it is no change."""
    return before is not None and before._replace(open=now.open) != now
