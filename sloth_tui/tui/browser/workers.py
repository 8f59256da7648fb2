"""Run coroutines beside the screen, and show their errors."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sloth_tui.errors import Interrupted, SlothError
from sloth_tui.tui.widgets.key_table.marks import MAX_MARKS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future
    from typing import TypeAlias

    from textual.screen import Screen
    from textual.worker import WorkType

    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services

    Look: TypeAlias = Callable[[], Awaitable[None]]


class Workers:
    """Runs the operations of a screen; their errors become toasts."""

    def __init__(self, screen: Screen[None], services: Services, operations: Operations) -> None:
        self._screen = screen
        self._services = services
        self._operations = operations

    def change(self, flow: Coroutine[object, object, None]) -> None:
        """Run a coroutine that changes something. Shows NotWritable at once with ``--read-only``."""
        self._screen.run_worker(self._guarded(flow), group="changes")

    def look(self, flow: Coroutine[object, object, None]) -> None:
        """Run a coroutine that changes nothing."""
        self._screen.run_worker(self._guarded(flow, writes=False), group="looks")

    def look_up(self, look: Look, group: str = "marks") -> None:
        """Look up keys, in place of a running lookup of the same group."""
        work: WorkType[None] = partial(self._guarded_look, look)
        self._screen.run_worker(work, group=group, exclusive=True)

    def cancel(self, group: str) -> None:
        """Cancel the lookups of a group."""
        self._screen.workers.cancel_group(self._screen, group)

    async def markable(self, answer: Future[list[str]]) -> list[str] | None:
        """Return the keys; if they are more than can be marked, say so and return None."""
        keys = await asyncio.wrap_future(answer)
        if len(keys) <= MAX_MARKS:
            return keys
        self._operations.notify(
            f"more than {MAX_MARKS:,} keys cannot be marked: filter them first, or clear a prefix"
        )
        return None

    async def _guarded(self, flow: Coroutine[object, object, None], *, writes: bool = True) -> None:
        try:
            if writes:
                self._services.check_writable()
            await flow
        except SlothError as error:
            self._operations.show_error(error)
        finally:
            flow.close()

    async def _guarded_look(self, look: Look) -> None:
        try:
            await look()
        except Interrupted:
            # Another query replaced this one.
            pass
        except SlothError as error:
            self._operations.show_error(error)
