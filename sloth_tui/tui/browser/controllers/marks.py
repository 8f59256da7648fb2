"""Mark rows of the key table."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.widgets.key_table.keys_pane import KeysPane
from sloth_tui.tui.widgets.key_table.marks import MAX_MARKS

if TYPE_CHECKING:
    from sloth_tui.tui import messages


_TOUCH_SECONDS = 0.2
"""Between two looks at what a run has changed."""


class MarksController(Controller):
    """Asks the services which keys a range or the filter holds, and which a run changes; the table keeps the
    marks."""

    _will_touch = False
    _touched = 0
    """Number of keys that a run has changed and that are marked as such."""

    def action_mark_key(self) -> None:
        """Mark the key under the cursor and move to the next one; end a range if one is being chosen."""
        table = self.context.table
        if table.marking.range_from is not None:
            self.action_mark_range()
        elif self.context.row is not None:
            self._toggle()
            table.action_move(1)

    def action_mark_range(self) -> None:
        """Begin a range at the cursor, or mark the one that was begun."""
        table, key = self.context.table, self.context.key
        if key is None:
            return
        if table.marking.range_from is None:
            table.marking.begin_range()
        else:
            self.workers.mark(partial(self._take_range, table.marking.range_from, key, ends=True))

    def action_mark_all(self) -> None:
        self.workers.mark(self._take_all)

    def action_invert_marks(self) -> None:
        self.workers.mark(partial(self._take_all, invert=True))

    def on_mark_requested(self, message: messages.MarkRequested) -> None:
        self._toggle()

    def on_range_moved(self, message: messages.RangeMoved) -> None:
        self.workers.mark(partial(self._take_range, message.first, message.last, ends=message.ends))

    def on_marks_changed(self, message: messages.MarksChanged) -> None:
        self.screen.query_one(KeysPane).mark(message.count, choosing=message.choosing)

    def on_marks_stale(self, message: messages.MarksStale) -> None:
        self.workers.look_up(self._keep_marks, "stale marks")

    def on_run_began(self, message: messages.RunBegan) -> None:
        self._show_touched_soon()

    def on_run_progressed(self, message: messages.RunProgressed) -> None:
        self._show_touched_soon()

    def on_run_ended(self, message: messages.RunEnded) -> None:
        self._show_touched_soon()

    def _show_touched_soon(self) -> None:
        if not self._will_touch:
            self._will_touch = True
            self.screen.set_timer(_TOUCH_SECONDS, self._show_touched)

    def _show_touched(self) -> None:
        """Mark the rows that a run has changed, until the next run begins."""
        self._will_touch = False
        touched = self.services.touched()
        count = 0 if touched is None else len(touched)
        if count or self._touched:
            self._touched = count
            self.context.table.touch(touched)

    def on_agent_left(self, message: messages.AgentLeft) -> None:
        """Drop all marks: they belong to the agent that is being left."""
        self.context.table.touch(None)
        self._show_touched_soon()
        self.workers.forget_marking()
        while self.context.table.marking.unmark():
            pass

    def _toggle(self) -> None:
        row = self.context.row
        if row is None:
            return
        if row.keys is not None:
            self.workers.mark(partial(self._toggle_below, row.key))
        else:
            self.context.table.marks.flip([row.key])
            self.context.table.marking.changed()

    async def _take_range(self, first: str, last: str, *, ends: bool) -> None:
        keys = await self.workers.markable(self.services.rows.lookups.keys_between(first, last, MAX_MARKS))
        if keys is None:
            return
        if ends:
            self.context.table.marking.end_range(keys)
        else:
            self.context.table.marking.show_range(keys)

    async def _take_all(self, *, invert: bool = False) -> None:
        keys = await self.workers.markable(self.services.rows.lookups.keys(MAX_MARKS))
        if keys is None:
            return
        table = self.context.table
        if invert:
            table.marks.flip(keys)
        else:
            table.marks.add(keys)
        table.marking.changed()

    async def _toggle_below(self, prefix: str) -> None:
        keys = await self.workers.markable(self.services.rows.lookups.keys_below(prefix, MAX_MARKS))
        if keys is not None:
            self.context.table.marks.flip_together(keys)
            self.context.table.marking.changed()

    async def _keep_marks(self) -> None:
        table = self.context.table
        before = len(table.marks)
        there = await asyncio.wrap_future(self.services.rows.lookups.existing(table.marks.in_order()))
        table.marks.keep(there)
        if len(table.marks) != before:
            table.marking.changed()
