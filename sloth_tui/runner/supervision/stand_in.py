"""Listens to a worker while the process that started it is stopped, as a shell's Ctrl-Z does.

Nobody reads a pipe then, and a worker that has filled it waits. So another process, of a session of its own,
reads in its place, keeps what comes, and hands it over afterwards.
"""

from __future__ import annotations

import fcntl
import os
import select
import sys
from contextlib import suppress

MOST_KEPT = 64 * 1024 * 1024
"""Bytes; a worker that says more waits until it is listened to again."""
_READ = 1 << 18
_UNTIL, _SOURCE, _TARGET = 0, 3, 4
"""The stand-in's descriptors: whose end of file ends its time, what it reads, where it hands that over."""
_START = "import sys; sys.path = sys.argv[1:]; from sloth_tui.runner.supervision.stand_in import main; main()"


class StandIn:
    """A process that reads ``source`` in place of this one until :meth:`dismiss`. Raises OSError where none
    can be started."""

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
        """Whether it ended before its time, so that what it kept is lost."""

    def dismiss(self) -> None:
        """From now on it reads nothing more; :meth:`take` what it has."""
        os.close(self._until)

    def take(self) -> bytes:
        """Some of what it kept, in order; empty when that was all. After :meth:`dismiss`."""
        data = os.read(self._backlog, _READ)
        if not data:
            os.close(self._backlog)
            with suppress(ChildProcessError):  # somebody who reaps all children was first
                self.failed = os.waitpid(self._pid, 0)[1] != 0
        return data


def _spawn(descriptors: dict[int, int]) -> int:
    # Out of the way of those that are overwritten one after the other.
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
    """Read and keep, then hand over."""
    kept: list[bytes] = []
    size = 0
    poll = select.poll()
    for descriptor in (_UNTIL, _SOURCE):
        poll.register(descriptor, select.POLLIN)
    while _UNTIL not in (ready := [descriptor for descriptor, _ in poll.poll()]):
        assert _SOURCE in ready
        data = os.read(_SOURCE, _READ)
        kept.append(data)
        size += len(data)
        if not data or size >= MOST_KEPT:
            poll.unregister(_SOURCE)
    with suppress(BrokenPipeError):  # nobody wants it any more
        for data in kept:
            left = memoryview(data)
            while left:
                left = left[os.write(_TARGET, left) :]
