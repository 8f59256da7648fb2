"""A process that ends the command when the holder of the lock cannot: it was killed, or it stands still.

It reads from a pipe until when the lock is held for certain. If the pipe ends, the holder is gone, and with
it the lock: the group is killed. If the time is over without news, the holder does not run, and somebody else
may hold the lock: the group is asked to end, and killed after the grace.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from contextlib import suppress

from sloth_tui.store.clock import NANOSECONDS, SYSTEM_CLOCK
from sloth_tui.threads import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NoReturn

LOOK_MS = 1000
"""Between two looks at the clock: a poll does not notice the time that a machine sleeps."""
_NEVER = 0
_ASKING = (
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2),
    signal.SIGTSTP,
)


class Watchdog:
    """The watching process, in the one that holds the lock."""

    def __init__(self, group: int, grace: float, foreign: Iterable[int]) -> None:
        """``foreign``: descriptors that the watching process must not hold."""
        self._group = group
        self._grace = grace
        self._until = _NEVER
        self._beating: Callable[[], int] | None = None
        self._telling = threading.Lock()
        self._begin(foreign)

    def _begin(self, foreign: Iterable[int]) -> None:
        reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                for descriptor in (self._writer, *foreign):
                    if descriptor >= 0:
                        os.close(descriptor)
                _stand_apart()
                _watch(reader, self._group, self._grace)
            finally:
                os._exit(1)
        os.close(reader)

    def tell(self, until: int) -> None:
        """Tell until when the lock is held, in nanoseconds by the clock that measures locks."""
        with self._telling:
            self._write(until)

    def pause(self) -> None:
        """Do nothing until the next time is told: the command stands still as well."""
        self.tell(_NEVER)

    def beat(self, held_until: Callable[[], int]) -> None:
        """Tell it every second from now on, also while this process waits for an answer of its store."""
        self._beating = held_until
        Thread(self._beat, "heartbeat of a lock").start()

    def restart_if_gone(self) -> None:
        """Start another one in place of one that was killed."""
        if os.waitpid(self.pid, os.WNOHANG)[0]:
            os.close(self._writer)
            self._begin(())
            self.tell(self._until)

    def stop(self) -> None:
        with self._telling:
            self._beating = None
        with suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._writer)

    def _beat(self) -> None:
        while self._beating is not None:
            with self._telling:
                held_until = self._beating
                if self._until and held_until is not None:
                    self._write(held_until())
            time.sleep(LOOK_MS / 1000)

    def _write(self, until: int) -> None:
        self._until = until
        with suppress(OSError):  # it was killed, or stands still itself
            os.write(self._writer, b"%d\n" % until)


def _stand_apart() -> None:
    """Leave the terminal and the standard streams to others, and take no orders."""
    os.setsid()
    for number in _ASKING:
        signal.signal(number, signal.SIG_IGN)
    with suppress(ValueError):
        signal.set_wakeup_fd(-1)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)


def _watch(reader: int, group: int, grace: float) -> NoReturn:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    until, asked = _NEVER, False
    while True:
        if poll.poll(LOOK_MS):
            told = os.read(reader, 65536)
            if not told:
                _signal(group, signal.SIGKILL)
                os._exit(0)
            until, asked = int(told.split()[-1]), False
        elif until and SYSTEM_CLOCK.now() >= until:
            _signal(group, signal.SIGKILL if asked else signal.SIGTERM)
            _signal(group, signal.SIGCONT)
            until = _NEVER if asked else SYSTEM_CLOCK.now() + round(grace * NANOSECONDS)
            asked = not asked


def _signal(group: int, number: int) -> None:
    with suppress(OSError):
        os.killpg(group, number)
