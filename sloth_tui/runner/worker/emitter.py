"""How a worker's lines reach the supervisor: in order, none lost, in few writes, soon."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from sloth_tui.runner.protocol import encode_event, encode_note

if TYPE_CHECKING:
    from sloth_tui.runner.events import RunEvent

_BATCH = 32 * 1024
_DELAY = 0.02
"""Seconds a line may wait for others."""
_STACK = 256 * 1024


class Emitter:
    """Collects lines and writes them from a thread of its own, which runs while Lua does.

    A reader that is slow holds the worker up: nothing is dropped.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending: list[bytes] = []
        self._size = 0
        self._lock = threading.Lock()
        self._waiting = threading.Event()
        previous = threading.stack_size(_STACK)
        threading.Thread(target=self._pump, name="emitter", daemon=True).start()
        threading.stack_size(previous)

    def event(self, event: RunEvent) -> None:
        self._add(encode_event(event))

    def note(self, name: str, *details: object) -> None:
        """Notes are what the supervisor must know even if this process dies in the next moment."""
        self._add(encode_note(name, *details))
        self.flush()

    def flush(self) -> None:
        """Return when all lines so far are in the pipe."""
        with self._lock:
            self._write()

    def _add(self, line: bytes) -> None:
        with self._lock:
            self._pending.append(line)
            self._size += len(line)
            if self._size >= _BATCH:
                self._write()
            elif len(self._pending) == 1:
                self._waiting.set()

    def _write(self) -> None:
        data = memoryview(b"".join(self._pending))
        self._pending.clear()
        self._size = 0
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BrokenPipeError:
                # Nobody reads any more, and this process is about to be ended. Until then it goes on to
                # hear its commands, which would not get to their end otherwise.
                return

    def _pump(self) -> None:
        while True:
            self._waiting.wait()
            self._waiting.clear()
            time.sleep(_DELAY)
            self.flush()
