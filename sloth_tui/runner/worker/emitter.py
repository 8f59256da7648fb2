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
_REDRAW_SECONDS = 0.1
"""The time between two states of a line that is redrawn; those between them are not sent."""


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
        self._redraws: dict[str, bytes] = {}
        self._redraw_at = 0.0
        self.redrawn = 0
        """Bytes of redrawn lines that were sent so far."""
        start_thread(self._pump)  # without it, lines wait for the next note

    def event(self, event: RunEvent) -> None:
        """Send an event, soon."""
        self._add(encode_event(event))

    def redraw(self, name: str, event: RunEvent | None) -> None:
        """Send the newest event of this name, now and then; None: none is needed any more."""
        line = None if event is None else encode_event(event)
        with self._lock:
            if line is None:
                self._redraws.pop(name, None)
                return
            self._redraws[name] = line
        self._waiting.set()

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
            while self._redraws:
                self._send_redraws()
                time.sleep(_FLUSH_SECONDS)
                self.flush()

    def _send_redraws(self) -> None:
        now = time.monotonic()
        with self._lock:
            if now >= self._redraw_at and self._redraws:
                lines = list(self._redraws.values())
                self._redraws.clear()
                self._redraw_at = now + _REDRAW_SECONDS
                self.redrawn += sum(map(len, lines))
                self._pending += lines
                self._write()
