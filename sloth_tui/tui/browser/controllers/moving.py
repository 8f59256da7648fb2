"""Copy and move what is chosen to other keys and agents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sloth_tui.tui.browser.context import Controller

if TYPE_CHECKING:
    from sloth_tui.tui.operations.relocations import Chosen


class MovingController(Controller):
    """Handles copies and moves of the marked keys, of a node of the tree, or of the key under the cursor."""

    def action_copy_entries(self) -> None:
        self._relocate(moving=False)

    def action_move_entries(self) -> None:
        self._relocate(moving=True)

    def _relocate(self, *, moving: bool) -> None:
        chosen = self._chosen()
        if chosen is None:
            self.operations.notify("no key is chosen")
        else:
            self.workers.change(self._ask_and_go(chosen, moving=moving))

    async def _ask_and_go(self, chosen: Chosen, *, moving: bool) -> None:
        from sloth_tui.tui.operations.relocations import RelocationOperations

        names = self.context.agent_names
        doing = RelocationOperations(self.operations, self.services)
        where = await doing.relocate(chosen, names, moving=moving)
        if where is not None and where[0] == self.services.agent and not chosen.prefix:
            self.context.go_to_key(where[1])

    def _chosen(self) -> Chosen | None:
        from sloth_tui.tui.operations.relocations import Chosen

        marked = self.context.table.marks
        if marked:
            keys = marked.in_order()
            return Chosen(common_beginning(keys), True, tuple(keys))
        if self.context.node is not None:
            return Chosen(self.context.node, True, None)
        return None if self.context.key is None else Chosen(self.context.key, False, None)


def common_beginning(keys: list[str]) -> str:
    """Return what all keys begin with, up to the last ``:`` or ``/`` in it."""
    # In characters, which is what it does, and not in parts of a path.
    shared = os.path.commonprefix(keys)  # noqa: RUF071
    return shared[: max(shared.rfind(":"), shared.rfind("/")) + 1]
