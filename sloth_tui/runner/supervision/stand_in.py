"""Read the output of a worker while the supervisor's process is stopped, as by Ctrl-Z in a shell.

A stopped process reads nothing, and a worker that has filled the pipe waits. So another process, in a session
of its own, reads in its place, keeps the data, and hands it over afterwards.
"""

from __future__ import annotations

import fcntl
import os
import select
import sys
from contextlib import suppress

MAX_KEPT_BYTES = 64 * 1024 * 1024
"""Bytes; a worker that writes more waits until the supervisor reads again."""
_READ_BYTES = 1 << 18
_UNTIL, _SOURCE, _TARGET = 0, 3, 4
"""The descriptors of the process: one whose end of file tells it to stop reading, one to read from, and one
that the data is handed over to."""
_START = "import sys; sys.path = sys.argv[1:]; from sloth_tui.runner.supervision.stand_in import main; main()"


class StandIn:
    """A process that reads ``source`` in place of this one until :meth:`dismiss`.

    Raises OSError if it cannot be started.
    """

    def __init__(self, source: int) -> None:
        until, self._until = os.pipe()
        self._backlog, target = os.pipe()
        try:
            self._pid = _spawn({_UNTIL: until, _SOURCE: source, _TARGET: target})
        except OSError:
            os.close(self._until)
            os.close(self._backlog)
            raise
        finally:
            os.close(until)
            os.close(target)
        self.failed = False
        """True if the process died, so that what it kept is lost."""

    def dismiss(self) -> None:
        """Let it stop reading; :meth:`take` what it has."""
        os.close(self._until)

    def take(self) -> bytes:
        """Return the next part of what it kept, in order; empty at the end. Call it after :meth:`dismiss`."""
        data = os.read(self._backlog, _READ_BYTES)
        if not data:
            os.close(self._backlog)
            with suppress(ChildProcessError):  # other code of this process reaps all children
                self.failed = os.waitpid(self._pid, 0)[1] != 0
        return data


def _spawn(descriptors: dict[int, int]) -> int:
    # First moved to high numbers: the low ones are overwritten one after the other.
    moved = {number: fcntl.fcntl(old, fcntl.F_DUPFD_CLOEXEC, 10) for number, old in descriptors.items()}
    actions: list[tuple[int, int, int]] = [
        (os.POSIX_SPAWN_DUP2, old, number) for number, old in moved.items()
    ]
    arguments = [sys.executable, "-P", "-S", "-c", _START, *filter(None, sys.path)]
    try:
        return os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions, setsid=True)
    finally:
        for descriptor in moved.values():
            os.close(descriptor)


def main() -> None:
    """Read and keep the data, then hand it over."""
    kept: list[bytes] = []
    size = 0
    poll = select.poll()
    for descriptor in (_UNTIL, _SOURCE):
        poll.register(descriptor, select.POLLIN)
    while _UNTIL not in (ready := [descriptor for descriptor, _ in poll.poll()]):
        assert _SOURCE in ready
        data = os.read(_SOURCE, _READ_BYTES)
        kept.append(data)
        size += len(data)
        if not data or size >= MAX_KEPT_BYTES:
            poll.unregister(_SOURCE)
    with suppress(BrokenPipeError):  # the supervisor is gone
        for data in kept:
            left = memoryview(data)
            while left:
                left = left[os.write(_TARGET, left) :]
