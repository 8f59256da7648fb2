"""The order of the key table, the tree, and actions on its nodes."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sloth_tui.model import SORT_COLUMNS
from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.widgets.key_table.filter_bar import FilterBar
from sloth_tui.tui.widgets.key_table.filter_syntax import lets_all_through
from sloth_tui.tui.widgets.key_table.marks import MAX_MARKS
from sloth_tui.values.codec import first_segment

if TYPE_CHECKING:
    from sloth_tui.tui import messages


class TreeController(Controller):
    """Handles sorting and folding; asks the services for the keys in a node."""

    def action_delete_key(self) -> None:
        """Delete the selected keys; in a tree, the matching keys in the node under the cursor."""
        keys, node = self.context.chosen_keys, self.context.node
        if keys:
            self.workers.change(self.operations.delete(keys))
        elif node is not None:
            self.workers.change(self._delete_below(node))
        else:
            self.operations.notify("no key is chosen")

    def action_clear_prefix(self) -> None:
        suggestion = self.context.node or first_segment(self.context.key or "")
        self.workers.change(self.operations.clear_prefix(suggestion))

    def action_clear_all(self) -> None:
        self.workers.change(self.operations.clear(""))

    def action_toggle_tree(self) -> None:
        """Fold the keys into a tree, or show them flat; the cursor stays on its key."""
        bar, key, node = self.screen.query_one(FilterBar), self.context.key, self.context.node
        if node is not None:
            self.workers.look_up(partial(self._leave_node, node), "nodes")
            return
        bar.fold(key, tree=not bar.asked.tree)

    def action_sort_next(self) -> None:
        bar = self.screen.query_one(FilterBar)
        place = SORT_COLUMNS.index(bar.asked.sort) + 1
        bar.sort_by(SORT_COLUMNS[place % len(SORT_COLUMNS)])

    def action_sort_reverse(self) -> None:
        bar = self.screen.query_one(FilterBar)
        bar.sort_by(bar.asked.sort)

    def action_sort_keys(self, column: str) -> None:
        bar = self.screen.query_one(FilterBar)
        if bar.asked.sort != column:
            bar.sort_by(column)

    def on_fold_requested(self, message: messages.FoldRequested) -> None:
        self.services.rows.fold(message.prefix, opened=message.opened)

    def on_node_requested(self, message: messages.NodeRequested) -> None:
        self.workers.look_up(partial(self._go_to_node, message.prefix), "nodes")

    def on_row_highlighted(self, message: messages.RowHighlighted) -> None:
        if message.node is not None:
            self.services.rows.follow(message.node, node=True)

    async def _go_to_node(self, prefix: str) -> None:
        line = await asyncio.wrap_future(self.services.rows.lookups.find_node(prefix))
        if line is not None:
            self.context.table.go_to(line)

    async def _leave_node(self, prefix: str) -> None:
        """Show the keys flat, with the cursor on the first key of the node."""
        keys = await asyncio.wrap_future(self.services.rows.lookups.keys_below(prefix, 0))
        self.screen.query_one(FilterBar).fold(keys[0] if keys else None, tree=False)

    async def _delete_below(self, prefix: str) -> None:
        if lets_all_through(self.screen.query_one(FilterBar).asked):
            await self.operations.clear(prefix)
            return
        keys = await self.workers.markable(self.services.rows.lookups.keys_below(prefix, MAX_MARKS))
        if keys:
            await self.operations.delete(keys)
