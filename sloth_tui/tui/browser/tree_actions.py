"""The order of the key table, flat or as a tree, and what is done to a node of that."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sloth_tui.model import SORT_COLUMNS
from sloth_tui.tui.browser.detail_actions import first_segment
from sloth_tui.tui.browser.table_actions import TableActions
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.filter_syntax import lets_all_through
from sloth_tui.tui.widgets.key_table.marks import MOST

if TYPE_CHECKING:
    from sloth_tui.tui import messages


class TreeActions(TableActions):
    """The table knows its lines, the filter bar the order; what is in a node is asked of the services."""

    @property
    def node(self) -> str | None:
        """The prefix of the node under the cursor, in a tree."""
        row = self.row
        return row.key if row is not None and row.keys is not None else None

    def action_delete_key(self) -> None:
        """Delete what is chosen: in a tree, all keys that pass the filter in the node under the cursor."""
        keys, node = self.chosen_keys, self.node
        if keys:
            self._change(self.flows.delete(keys))
        elif node is not None:
            self._change(self._delete_below(node))
        else:
            self.flows.tell("no key is chosen")

    def action_clear_prefix(self) -> None:
        self._change(self.flows.clear_prefix(self.node or first_segment(self.key or "")))

    def action_toggle_tree(self) -> None:
        """Fold the keys into a tree, or no more; the cursor stays on its key."""
        bar, key, node = self.query_one(FilterBar), self.key, self.node
        if node is not None:
            self._look_up(partial(self._leave_node, node), group="nodes")
            return
        bar.fold(tree=not bar.asked.tree)
        if key is not None:
            self.call_later(self.services.rows.find, key, reveal=False)

    def action_sort_next(self) -> None:
        bar = self.query_one(FilterBar)
        place = SORT_COLUMNS.index(bar.asked.sort) + 1
        bar.sort_by(SORT_COLUMNS[place % len(SORT_COLUMNS)])

    def action_sort_reverse(self) -> None:
        bar = self.query_one(FilterBar)
        bar.sort_by(bar.asked.sort)

    def action_sort_keys(self, column: str) -> None:
        bar = self.query_one(FilterBar)
        if bar.asked.sort != column:
            bar.sort_by(column)

    def on_fold_wanted(self, message: messages.FoldWanted) -> None:
        self.services.rows.fold(message.prefix, opened=message.opened)

    def on_node_sought(self, message: messages.NodeSought) -> None:
        self._look_up(partial(self._go_to_node, message.prefix), group="nodes")

    def on_row_highlighted(self, message: messages.RowHighlighted) -> None:
        if message.node is not None:
            self.services.rows.follow(message.node, node=True)

    async def _go_to_node(self, prefix: str) -> None:
        line = await asyncio.wrap_future(self.services.rows.find_node(prefix))
        if line is not None:
            self.table.go_to(line)

    async def _leave_node(self, prefix: str) -> None:
        """Show no tree any more, with the cursor on the first key that was in the node."""
        keys = await asyncio.wrap_future(self.services.rows.keys_below(prefix, 0))
        self.query_one(FilterBar).fold(tree=False)
        for key in keys:
            self.call_later(self.services.rows.find, key, reveal=False)

    async def _delete_below(self, prefix: str) -> None:
        if lets_all_through(self.query_one(FilterBar).asked):
            await self.flows.clear(prefix)
            return
        keys = await self._some(self.services.rows.keys_below(prefix, MOST))
        if keys:
            await self.flows.delete(keys)
