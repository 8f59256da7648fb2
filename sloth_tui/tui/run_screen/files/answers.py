"""Ask what may be slow on threads; answers that are outdated are dropped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from sloth_tui.errors import SlothError
from sloth_tui.shortage import describe_shortage
from sloth_tui.tui.services.beside import on_a_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

T = TypeVar("T")


class Answers:
    """Questions by topic. Of each topic only the newest question counts, and only so many are under way: of
    those that wait for a slow disk, the last."""

    def __init__(self, widget: Widget, most: int = 3) -> None:
        """The answers are taken on the widget's loop, as long as it is mounted; ``most`` questions of one
        topic are under way at the same time."""
        self._widget = widget
        self._most = most
        self._turns: dict[str, int] = {}
        self._under_way: dict[str, int] = {}
        self._next: dict[str, tuple[Any, ...]] = {}

    def ask(
        self,
        topic: str,
        work: Callable[[], T],
        take: Callable[[T], object],
        failed: Callable[[SlothError], object] = lambda _: None,
    ) -> None:
        """Do ``work`` on a thread, then ``take`` its result, or ``failed`` its SlothError, unless a newer
        question of the same topic was asked meanwhile."""
        self.drop(topic)
        if self._under_way.get(topic, 0) >= self._most:
            self._next[topic] = (work, take, failed)
        else:
            self._begin(topic, work, take, failed)

    def drop(self, topic: str) -> None:
        """Want no answer any more."""
        self._turns[topic] = self._turns.get(topic, 0) + 1
        self._next.pop(topic, None)

    def turn(self, topic: str) -> Callable[[], bool]:
        """Return a test for threads: True once there is a newer question than the one asked next."""
        wanted = self._turns.get(topic, 0) + 1
        return lambda: self._turns.get(topic, 0) > wanted

    def _begin(self, topic: str, *question: Any) -> None:
        self._under_way[topic] = self._under_way.get(topic, 0) + 1
        self._widget.run_worker(
            self._answer(topic, self._turns[topic], *question), group=f"answers-{topic}", exit_on_error=True
        )

    async def _answer(
        self,
        topic: str,
        turn: int,
        work: Callable[[], T],
        take: Callable[[T], object],
        failed: Callable[[SlothError], object],
    ) -> None:
        outcome: T | SlothError
        try:
            outcome = await asyncio.wrap_future(on_a_thread(work, topic))
        except SlothError as error:
            outcome = error
        except (MemoryError, RuntimeError) as error:
            shortage = describe_shortage(error)
            if shortage is None:
                raise
            outcome = SlothError(shortage)
        finally:
            self._under_way[topic] -= 1
        if topic in self._next:
            self._begin(topic, *self._next.pop(topic))
        elif turn == self._turns[topic] and self._widget.is_attached and self._widget.app.is_running:
            if isinstance(outcome, SlothError):
                failed(outcome)
            else:
                take(outcome)
