"""Look up several rows of the key table at once."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from sloth_tui.errors import Interrupted, SlothError

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Condition

    from sloth_tui.store.port import Window

T = TypeVar("T")


class RowLookups:
    """Questions about the rows of the newest query. The thread that finds the rows answers them once all are
    found, and whenever it is woken. Any thread may ask."""

    def __init__(self, wake: Condition) -> None:
        self._wake = wake
        self._calls: list[Callable[[Window | None], None]] = []

    @property
    def waiting(self) -> bool:
        """True if a question is not answered yet."""
        return bool(self._calls)

    def take(self) -> list[Callable[[Window | None], None]]:
        """Return the questions, to be called with the window, and forget them. Hold ``wake`` meanwhile."""
        calls, self._calls = self._calls, []
        return calls

    def keys(self, limit: int) -> Future[list[str]]:
        """Return the keys of the newest query once all are found, at most ``limit`` + 1. Raises Interrupted
        as soon as there is another query."""
        return self._call(lambda window: window.keys(0, limit + 1))

    def keys_between(self, one: str, other: str, limit: int) -> Future[list[str]]:
        """As :meth:`keys`, between two keys, given in either order."""
        return self._call(lambda window: window.keys_between(one, other, limit + 1))

    def keys_below(self, prefix: str, limit: int) -> Future[list[str]]:
        """As :meth:`keys`, in this node of the tree."""
        return self._call(lambda window: window.keys_below(prefix, limit + 1))

    def find_node(self, prefix: str) -> Future[int | None]:
        """Return the line of this node of the tree; None if it is not there."""
        return self._call(lambda window: window.position(prefix, node=True))

    def existing(self, keys: list[str]) -> Future[frozenset[str]]:
        """Return those of ``keys`` that exist, whatever the query."""
        return self._call(lambda window: window.existing(keys))

    def _call(self, job: Callable[[Window], T]) -> Future[T]:
        future: Future[T] = Future()

        def answer(window: Window | None) -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                if window is None:
                    raise Interrupted("there are no rows to look at")
                found = job(window)
            except SlothError as error:
                future.set_exception(error)
            else:
                future.set_result(found)

        with self._wake:
            self._calls.append(answer)
            self._wake.notify()
        return future
