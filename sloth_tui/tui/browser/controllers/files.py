"""Export what is marked, filtered or there to a file, and import one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sloth_tui.tui.browser.context import Controller
from sloth_tui.tui.widgets.key_table.filter_syntax import lets_all_through

if TYPE_CHECKING:
    from sloth_tui.tui.operations.files import FileOperations

_MAX_KEYS = 10_000_000


class FilesController(Controller):
    """Exports work with ``--read-only``, too."""

    def action_export(self) -> None:
        self.workers.look(self._export())

    def action_import_file(self) -> None:
        self.workers.change(self._files.import_file())

    async def _export(self) -> None:
        keys: list[str] | None = None
        marks = self.context.table.marks
        if marks:
            keys = marks.in_order()
        elif (asked := self.context.table.asked) is not None and not lets_all_through(asked):
            keys = await asyncio.wrap_future(self.services.rows.lookups.keys(_MAX_KEYS))
            if not keys:
                self.operations.notify("no key passes the filter")
                return
        await self._files.export(keys)

    @property
    def _files(self) -> FileOperations:
        from sloth_tui.tui.operations.files import FileOperations

        return FileOperations(self.operations, self.services)
