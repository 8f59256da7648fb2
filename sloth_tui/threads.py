"""Start threads without waiting for them."""

from __future__ import annotations

import _thread
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_STACK_BYTES = 256 * 1024
"""Enough for loops that call little."""
_DEEP_STACK_BYTES = 4 * 1024 * 1024
_ENDED = "ended"


def start_thread(function: Callable[[], None], stack_bytes: int = _STACK_BYTES) -> None:
    """Run ``function`` in a thread that ends with the process. Raises MemoryError if there is none for its
    stack, RuntimeError if there are too many threads.

    ``Thread.start`` waits for the thread to say that it runs: for ever, if there is no memory to say so. Here
    such a thread just does nothing, so whoever starts one must come to an end without it, too.
    """
    previous = threading.stack_size(stack_bytes)
    try:
        _thread.start_new_thread(function, ())
    except RuntimeError:
        from sloth_tui.shortage import has_memory

        if has_memory(stack_bytes * 4):
            raise
        raise MemoryError("no memory for the stack of a thread") from None
    finally:
        threading.stack_size(previous)


class Thread:
    """A thread like :class:`threading.Thread`, started as by :func:`start_thread`."""

    __slots__ = ("_ended", "_name", "_runs", "_target")

    def __init__(self, target: Callable[[], object], name: str) -> None:
        self._target = target
        self._name = name
        self._runs = False
        self._ended = threading.Event()

    def start(self) -> None:
        """Raises MemoryError, RuntimeError."""
        start_thread(self._run, _DEEP_STACK_BYTES)

    def is_alive(self) -> bool:
        """Return True while it runs; False before it has begun to."""
        return self._runs

    def join(self, seconds: float | None = None) -> None:
        """Wait until it has ended, if it has begun to run, for at most so many seconds."""
        if self._runs:
            self._ended.wait(seconds)

    def _run(self) -> None:
        self._runs = True
        listed = threading.current_thread()
        listed.name = self._name
        try:
            self._target()
        finally:
            # Python goes on to list a thread that it did not start itself.
            listed.name = _ENDED
            self._runs = False
            self._ended.set()
