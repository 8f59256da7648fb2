"""The process of a command: in a session of its own, followed by a thread, ended as a group."""

from __future__ import annotations

import errno
import os
import select
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from sloth_tui.errors import SlothError
from sloth_tui.runner.processes import find_in_session, send
from sloth_tui.threads import Thread
from sloth_tui.tui.services.commands.handing import too_much
from sloth_tui.tui.services.commands.output import CommandOutput
from sloth_tui.tui.services.commands.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.tui.services.commands.handing import Handed

_LOOK_MS = 50
"""Between two looks whether the shell has ended, while its output is open."""
_CHUNK = 1 << 16
_LAST_CHUNKS = 32
"""Read after the shell has ended: more than a pipe holds, as what it left behind may print for ever."""


class RunningCommand:
    """A command that was started; what it prints can be read at any time."""

    def __init__(self, number: int, handed: Handed, grace: float, ended: Callable[[int], object]) -> None:
        """``grace``: seconds that its processes get to end once they are asked to. ``ended`` is called with
        the ``number``, in a thread of this object."""
        self.number = number
        self.handed = handed
        self.output = CommandOutput()
        self.began = time.monotonic()
        self.duration = 0.0
        """Seconds that it took, once it has ended."""
        self.exit_code: int | None = None
        """None while it runs; negative: the signal that ended it."""
        self.timed_out = False
        self._grace = grace
        self._ended = ended
        self._stop_asked = self._killed = False
        self._deadline: float | None = None
        """When all that is left is killed."""
        self._thread = Thread(self._follow, "command")
        self._over = threading.Event()

    @property
    def running(self) -> bool:
        return self.exit_code is None

    @property
    def stopped(self) -> bool:
        """True if it was asked to stop."""
        return self._stop_asked

    def start(self) -> None:
        """Raises SlothError."""
        arguments, environment = self.handed.arguments, self.handed.environment()
        try:
            self._process = subprocess.Popen(
                arguments,
                env=environment,
                stdin=subprocess.DEVNULL if self.handed.feed is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            if error.errno == errno.E2BIG:
                raise too_much(self.handed) from None
            raise SlothError(f"/bin/sh: {error.strerror}") from None
        try:
            self._watch = Watch(self._process.pid, self._grace)
            self._thread.start()
        except (OSError, MemoryError, RuntimeError) as error:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise SlothError(f"{self.handed.command.name} cannot be watched over: {error}") from None

    def stop(self) -> None:
        """Ask its processes to end, and kill them after the grace period; the second time, at once."""
        if not self._stop_asked:
            self._stop_asked = True
            self._deadline = time.monotonic() + self._grace
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)
        else:
            self._deadline = time.monotonic()

    def join(self, seconds: float) -> None:
        """Wait until it has ended."""
        self._over.wait(seconds)

    def _signal(self, number: int) -> None:
        # The number of the shell stays taken until it is reaped, which its thread does last.
        if self.running:
            send(find_in_session(self._process.pid), number)

    def _follow(self) -> None:
        process = self._process
        assert process.stdout is not None
        if process.stdin is not None:
            Thread(self._feed, "feed of a command").start()
        poll, source, is_open = select.poll(), process.stdout.fileno(), True
        poll.register(source, select.POLLIN)
        while not self._is_over():
            if not is_open:
                time.sleep(_LOOK_MS / 1000)
            elif poll.poll(_LOOK_MS):
                is_open = self._read(source)
        for _ in range(_LAST_CHUNKS):
            if is_open and poll.poll(0):
                is_open = self._read(source)
        self._finish()

    def _read(self, source: int) -> bool:
        data = os.read(source, _CHUNK)
        self.output.take(data)
        return bool(data)

    def _is_over(self) -> bool:
        """True once the shell has ended and, if it was asked to stop, all its group. Not reaped yet."""
        limit = self.handed.command.timeout
        if limit is not None and not self._stop_asked and time.monotonic() - self.began > limit:
            self.timed_out = True
            self.stop()
        ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        if self._deadline is None:
            return ended
        if time.monotonic() >= self._deadline:
            self._signal(signal.SIGKILL)
        return ended and not find_in_session(self._process.pid)

    def _feed(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it did not want to read on
            self._process.stdin.write(self.handed.feed or b"")
        with suppress(OSError):
            self._process.stdin.close()

    def _finish(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()
        code = self._process.wait()
        self._watch.end()
        self.duration = time.monotonic() - self.began
        self.exit_code = code
        self._over.set()
        self._ended(self.number)
