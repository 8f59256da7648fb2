"""Send a worker's lines to the supervisor: in order, none lost, in few writes, without delay."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from sloth_tui.runner.protocol import encode_event, encode_note
from sloth_tui.threads import start_thread

if TYPE_CHECKING:
    from sloth_tui.runner.events import RunEvent

_BATCH_BYTES = 32 * 1024
_FLUSH_SECONDS = 0.02
"""The time that a line may wait for others."""


class Emitter:
    """Collects lines and writes them in a thread of its own, which runs while Lua runs.

    A slow reader slows the worker down: nothing is dropped.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pending: list[bytes] = []
        self._size = 0
        self._lock = threading.Lock()
        self._waiting = threading.Event()
        start_thread(self._pump)  # without it, lines wait for the next note

    def event(self, event: RunEvent) -> None:
        """Send an event, soon."""
        self._add(encode_event(event))

    def note(self, name: str, *details: object) -> None:
        """Send a note, at once: the supervisor must get it even if this process dies in the next moment."""
        self._add(encode_note(name, *details))
        self.flush()

    def flush(self) -> None:
        """Write all lines so far to the pipe."""
        with self._lock:
            self._write()

    def _add(self, line: bytes) -> None:
        with self._lock:
            self._pending.append(line)
            self._size += len(line)
            if self._size >= _BATCH_BYTES:
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
                # The supervisor is gone, and this process is about to be ended. Until then it continues to
                # read from its commands, which could not end otherwise.
                return

    def _pump(self) -> None:
        while True:
            self._waiting.wait()
            self._waiting.clear()
            time.sleep(_FLUSH_SECONDS)
            self.flush()
