"""Marking rows of the key table, and what the actions on keys act on."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sloth_tui.errors import Interrupted, SlothError
from sloth_tui.tui.browser.acting import Acting
from sloth_tui.tui.widgets.key_table.key_table import KeyTable
from sloth_tui.tui.widgets.key_table.keys_pane import KeysPane
from sloth_tui.tui.widgets.key_table.marks import MOST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from concurrent.futures import Future
    from typing import TypeAlias

    from textual.worker import WorkType

    from sloth_tui.tui import messages

    Look: TypeAlias = Callable[[], Awaitable[None]]


class TableActions(Acting):
    """Which keys are in a range or pass the filter is asked of the services; the table holds the marks."""

    @property
    def table(self) -> KeyTable:
        return self.query_one(KeyTable)

    @property
    def chosen_keys(self) -> list[str]:
        """What an action on keys acts on: those marked, in order, or else the one under the cursor."""
        marks = self.table.marks
        return marks.in_order() if marks else super().chosen_keys

    def action_mark_key(self) -> None:
        """Mark the key under the cursor and go on to the next; with a range under way, mark that."""
        table = self.table
        if table.range_from is not None:
            self.action_mark_range()
        elif self.row is not None:
            self._toggle()
            table.action_move(1)

    def action_mark_range(self) -> None:
        """Begin a range at the cursor; or mark the one that has begun."""
        table, key = self.table, self.key
        if key is None:
            return
        if table.range_from is None:
            table.begin_range()
        else:
            self._look_up(partial(self._take_range, table.range_from, key, ends=True))

    def action_mark_all(self) -> None:
        self._look_up(self._take_all)

    def action_invert_marks(self) -> None:
        self._look_up(partial(self._take_all, invert=True))

    def unmark(self) -> bool:
        """Give up the range, or else all marks; False where there is nothing to give up."""
        return self.table.unmark()

    def on_mark_wanted(self, message: messages.MarkWanted) -> None:
        self._toggle()

    def on_range_moved(self, message: messages.RangeMoved) -> None:
        self._look_up(partial(self._take_range, message.first, message.last, ends=message.ends))

    def on_marks_changed(self, message: messages.MarksChanged) -> None:
        self.query_one(KeysPane).mark(message.count, choosing=message.choosing)

    def on_marks_doubted(self, message: messages.MarksDoubted) -> None:
        self._look_up(self._keep_marks, group="doubted marks")

    def leave_marks(self) -> None:
        """Marks are about the agent on screen, which is being left."""
        self.workers.cancel_group(self, "marks")
        while self.unmark():
            pass

    def _toggle(self) -> None:
        row = self.row
        if row is None:
            return
        if row.keys is not None:
            self._look_up(partial(self._toggle_below, row.key))
        else:
            self.table.marks.flip([row.key])
            self.table.marks_changed()

    def _look_up(self, look: Look, group: str = "marks") -> None:
        """Look up keys beside the screen, in place of an older look of the group that is under way."""
        work: WorkType[None] = partial(self._guarded_look, look)
        self.run_worker(work, group=group, exclusive=True)

    async def _guarded_look(self, look: Look) -> None:
        try:
            await look()
        except Interrupted:
            # Another query was asked meanwhile.
            pass
        except SlothError as error:
            self.flows.complain(error)

    async def _take_range(self, first: str, last: str, *, ends: bool) -> None:
        keys = await self._some(self.services.rows.keys_between(first, last, MOST))
        if keys is None:
            return
        if ends:
            self.table.end_range(keys)
        else:
            self.table.show_range(keys)

    async def _take_all(self, *, invert: bool = False) -> None:
        keys = await self._some(self.services.rows.keys(MOST))
        if keys is None:
            return
        table = self.table
        if invert:
            table.marks.flip(keys)
        else:
            table.marks.add(keys)
        table.marks_changed()

    async def _toggle_below(self, prefix: str) -> None:
        keys = await self._some(self.services.rows.keys_below(prefix, MOST))
        if keys is not None:
            self.table.marks.flip_together(keys)
            self.table.marks_changed()

    async def _keep_marks(self) -> None:
        table = self.table
        before = len(table.marks)
        there = await asyncio.wrap_future(self.services.rows.existing(table.marks.in_order()))
        table.marks.keep(there)
        if len(table.marks) != before:
            table.marks_changed()

    async def _some(self, answer: Future[list[str]]) -> list[str] | None:
        """The keys, unless there are more of them than can be marked."""
        keys = await asyncio.wrap_future(answer)
        if len(keys) <= MOST:
            return keys
        self.flows.tell(f"more than {MOST:,} keys cannot be marked: filter them first, or clear a prefix")
        return None
