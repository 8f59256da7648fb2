"""The pipes of a command: they keep the order of what is written, tell when it ends, and outlive it.

Order across stdout and stderr: on Linux each is a pipe of packets (``O_DIRECT``, pipe(7)) with room for a
single one, and an edge-triggered epoll hands out pipes in the order they were written to. So no second
write can overtake a first one. Elsewhere the order is that in which the two are found readable.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess

_PACKET = 4096
READ = 1 << 16
"""Bytes read at once."""
ARRIVED = select.POLLIN | getattr(select, "EPOLLET", 0)
_LONGEST_WAIT = 86_400.0
"""Seconds: poll(2) counts milliseconds in 32 bits."""


class Stream:
    """A pipe for one of the outputs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reader, self.writer = _pipe()
        os.set_blocking(self.reader, False)


def _pipe() -> tuple[int, int]:
    """On Linux each write is a packet of its own, and there is room for one."""
    if sys.platform != "linux":
        return os.pipe()
    import fcntl

    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_DIRECT)
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, _PACKET)
    return reader, writer


class Readiness:
    """epoll where there is one, else poll."""

    def __init__(self) -> None:
        self._poll: Any = select.epoll() if hasattr(select, "epoll") else select.poll()

    def register(self, descriptor: int, events: int) -> None:
        self._poll.register(descriptor, events)

    def unregister(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)

    def poll(self, timeout: float | None) -> list[tuple[int, int]]:
        """Wait up to ``timeout`` seconds, at most a day."""
        if timeout is not None:
            timeout = min(timeout, _LONGEST_WAIT) * (1 if hasattr(select, "epoll") else 1000)
        return list(self._poll.poll(timeout))

    def close(self) -> None:
        if hasattr(self._poll, "close"):
            self._poll.close()


def end_descriptor(process: subprocess.Popen[bytes]) -> int:
    """Readable when the process has ended."""
    if sys.platform == "linux":
        return os.pidfd_open(process.pid)
    reader, writer = os.pipe()

    def wait() -> None:
        process.wait()
        os.close(writer)

    threading.Thread(target=wait, daemon=True).start()
    return reader


class _Leftovers:
    """Reads away what children that were left behind write: neither a full nor a closed pipe may stop them.

    One thread for all of them, however many commands leave some.
    """

    def __init__(self) -> None:
        self._new: list[int] = []
        self._wake = -1
        self.count = 0
        """Pipes that somebody has open."""

    def add(self, readers: list[int]) -> None:
        self._new += readers
        self.count += len(readers)
        if self._wake < 0:
            wake_end, wake = os.pipe()
            try:
                threading.Thread(target=self._read_away, args=(wake_end,), daemon=True).start()
            except RuntimeError:  # the commands have taken all there is: whoever writes has to wait
                os.close(wake_end)
                os.close(wake)
                return
            self._wake = wake
        os.write(self._wake, b"!")

    def _read_away(self, wake_end: int) -> None:
        poll = select.poll()
        poll.register(wake_end, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                with contextlib.suppress(BlockingIOError):
                    data = os.read(descriptor, READ)
                    if descriptor == wake_end:
                        while self._new:
                            poll.register(self._new.pop(), select.POLLIN)
                    elif not data:
                        poll.unregister(descriptor)
                        os.close(descriptor)
                        self.count -= 1


leftovers = _Leftovers()
