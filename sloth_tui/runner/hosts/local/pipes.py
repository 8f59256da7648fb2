"""The pipes of a command, which keep the order of what is written to stdout and stderr.

On Linux each is a pipe of packets (``O_DIRECT``, pipe(7)) with room for one packet, and an edge-triggered
epoll returns pipes in the order they were written to. So no write can overtake an earlier one. Elsewhere the
order is that in which the two become readable.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import TYPE_CHECKING, Any

from sloth_tui.threads import start_thread

if TYPE_CHECKING:
    import subprocess

_PACKET_BYTES = 4096
READ_BYTES = 1 << 16
"""Bytes that are read at once."""
READABLE = select.POLLIN | getattr(select, "EPOLLET", 0)
_MAX_WAIT_SECONDS = 86_400.0
"""A day: poll(2) counts milliseconds in 32 bits."""


class Stream:
    """The pipe for stdout or stderr."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reader, self.writer = _pipe()
        os.set_blocking(self.reader, False)


def _pipe() -> tuple[int, int]:
    """Make a pipe. On Linux each write is a packet, and the pipe has room for one."""
    if sys.platform != "linux":
        return os.pipe()
    import fcntl

    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_DIRECT)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PACKET_BYTES)
    return reader, writer


class Readiness:
    """Waits for descriptors by epoll if the system has it, else by poll."""

    def __init__(self) -> None:
        self._poll: Any = select.epoll() if hasattr(select, "epoll") else select.poll()

    def register(self, descriptor: int, events: int) -> None:
        self._poll.register(descriptor, events)

    def unregister(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)

    def poll(self, timeout: float | None) -> list[tuple[int, int]]:
        """Wait up to ``timeout`` seconds, at most a day."""
        if timeout is not None:
            timeout = min(timeout, _MAX_WAIT_SECONDS) * (1 if hasattr(select, "epoll") else 1000)
        return list(self._poll.poll(timeout))

    def close(self) -> None:
        if hasattr(self._poll, "close"):
            self._poll.close()


def open_end_descriptor(process: subprocess.Popen[bytes]) -> int:
    """Return a descriptor that becomes readable when the process ends."""
    if sys.platform == "linux":
        return os.pidfd_open(process.pid)
    reader, writer = os.pipe()

    def wait() -> None:
        process.wait()
        os.close(writer)

    try:
        start_thread(wait)
    except (MemoryError, RuntimeError):
        os.close(reader)
        os.close(writer)
        raise
    return reader


class _Leftovers:
    """Reads and drops the output of children that commands left behind.

    Neither a full nor a closed pipe may stop them. One thread serves all of them.
    """

    def __init__(self) -> None:
        self._new: list[int] = []
        self._wake = -1
        self.count = 0
        """The number of pipes that are still open for writing."""

    def add(self, readers: list[int]) -> None:
        """Read from these descriptors until their end, then close them."""
        self._new += readers
        self.count += len(readers)
        if self._wake < 0:
            wake_end, wake = os.pipe()
            try:
                start_thread(lambda: self._read_and_drop(wake_end))
            except (MemoryError, RuntimeError):  # none is left for a thread: the children have to wait
                os.close(wake_end)
                os.close(wake)
                return
            self._wake = wake
        os.write(self._wake, b"!")

    def _read_and_drop(self, wake_end: int) -> None:
        poll = select.poll()
        poll.register(wake_end, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                with contextlib.suppress(BlockingIOError):
                    data = os.read(descriptor, READ_BYTES)
                    if descriptor == wake_end:
                        while self._new:
                            poll.register(self._new.pop(), select.POLLIN)
                    elif not data:
                        poll.unregister(descriptor)
                        os.close(descriptor)
                        self.count -= 1


leftovers = _Leftovers()
