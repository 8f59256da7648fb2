"""Run coroutines beside the screen, and show their errors."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual.worker import WorkerError

from sloth_tui.errors import Interrupted, SlothError
from sloth_tui.tui.widgets.key_table.marks import MAX_MARKS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future
    from typing import TypeAlias

    from textual.screen import Screen
    from textual.worker import Worker, WorkType

    from sloth_tui.tui.operations.common import Operations
    from sloth_tui.tui.services import Services

    Look: TypeAlias = Callable[[], Awaitable[None]]

_MARKS = "marks"
"""The group of the lookups of keys to mark."""


class Workers:
    """Runs the operations of a screen; their errors become toasts."""

    def __init__(self, screen: Screen[None], services: Services, operations: Operations) -> None:
        self._screen = screen
        self._services = services
        self._operations = operations
        self._mark: Worker[None] | None = None
        """The last lookup of keys to mark."""
        self._acts: deque[Callable[[], object]] = deque()
        """What waits until keys are marked, in order."""

    def change(self, flow: Coroutine[object, object, None]) -> None:
        """Run a coroutine that changes something. Shows NotWritable at once with ``--read-only``."""
        self._screen.run_worker(self._guarded(flow), group="changes")

    def look(self, flow: Coroutine[object, object, None]) -> None:
        """Run a coroutine that changes nothing."""
        self._screen.run_worker(self._guarded(flow, writes=False), group="looks")

    def look_up(self, look: Look, group: str) -> Worker[None]:
        """Look up keys, in place of a running lookup of the same group."""
        work: WorkType[None] = partial(self._guarded_look, look)
        return self._screen.run_worker(work, group=group, exclusive=True)

    def mark(self, look: Look) -> None:
        """Look up keys and mark them, in place of a running lookup of this kind."""
        self._mark = self.look_up(look, _MARKS)

    def once_marked(self, act: Callable[[], object]) -> None:
        """Call ``act`` once the keys are marked that are being looked up for it: now, if there are none."""
        if self._running_mark is None and not self._acts:
            act()
        else:
            self._acts.append(act)
            self._screen.run_worker(self._act_in_turn(), group="acts")

    def forget_marking(self) -> bool:
        """Do not mark keys that are still being looked up, nor what waits for that; return True if there were
        any."""
        running = self._running_mark is not None
        self._acts.clear()
        self._screen.workers.cancel_group(self._screen, _MARKS)
        return running

    async def markable(self, answer: Future[list[str]]) -> list[str] | None:
        """Return the keys; if they are more than can be marked, say so and return None."""
        keys = await asyncio.wrap_future(answer)
        if len(keys) <= MAX_MARKS:
            return keys
        self._operations.notify(
            f"more than {MAX_MARKS:,} keys cannot be marked: filter them first, or clear a prefix"
        )
        return None

    @property
    def _running_mark(self) -> Worker[None] | None:
        return None if self._mark is None or self._mark.is_finished else self._mark

    async def _act_in_turn(self) -> None:
        """Do what has waited longest, once no keys are awaited. Runs once for each that waits."""
        while (mark := self._running_mark) is not None:
            with suppress(WorkerError):  # another one replaced it, or it was forgotten
                await mark.wait()
        if self._acts:
            self._acts.popleft()()

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
