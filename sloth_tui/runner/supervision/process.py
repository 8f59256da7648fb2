"""A worker process as its supervisor sees it: a pid, lines that come out, an end.

Imports next to nothing, so that a front end can start a worker first and get itself ready meanwhile.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import select
import sys
from contextlib import suppress

from sloth_tui.errors import SlothError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.runner.request import Assignment
    from sloth_tui.runner.supervision.stand_in import StandIn

_CHANNEL = 3
_READ = 1 << 18
_START = "import sys; sys.path = sys.argv[1:]; from sloth_tui.runner.worker.main import main; main()"
"""As ``-m sloth_tui.runner.worker.main``, 6 ms faster: without runpy, and without looking for packages again."""
_KEPT_ERRORS = 8 * 1024
_STOP, _KILL = b"s", b"k"
"""What the guard of a worker understands."""
_LONGEST_WAIT = 86_400.0
"""Seconds: poll(2) counts milliseconds in 32 bits."""


class WorkerProcess:
    """A worker in a session of its own. Not for use by several threads.

    It waits for an assignment. That goes through stdin, which stays open: its end tells the worker to
    stop, and comes by itself if this process dies. Raises SlothError where none can be started.
    """

    def __init__(self) -> None:
        self._poll = select.poll()
        pipes: list[tuple[int, int]] = []
        try:
            for _ in range(3):
                pipes.append(os.pipe())  # noqa: PERF401 - those that were made are closed
            (stdin, self._stdin), (self._channel, channel), (self._errors, errors) = pipes
            self.pid = _spawn(stdin, channel, errors)
        except OSError as error:
            for descriptor in itertools.chain(*pipes):
                os.close(descriptor)
            raise _not_started(error) from error
        for descriptor in (stdin, channel, errors):
            os.close(descriptor)
        for descriptor in (self._channel, self._errors):
            self._poll.register(descriptor, select.POLLIN)
        self._open = {self._channel, self._errors}
        os.set_blocking(self._stdin, False)
        self._unsent = memoryview(b"")
        self._incomplete = b""
        self._stand_in: StandIn | None = None
        self.unheard = False
        """Whether some of what it said was lost, because whoever listened since :meth:`lend` was ended."""
        self.errors = b""
        """The end of what it wrote to stderr."""

    def assign(self, assignment: Assignment) -> None:
        """Give it its work, once."""
        from sloth_tui.runner.request import encode_assignment

        self._unsent = memoryview(encode_assignment(assignment))
        self._poll.register(self._stdin, select.POLLOUT)

    @property
    def ended(self) -> bool:
        """Nothing more will come."""
        return not self._open

    def watch(self, descriptor: int) -> None:
        """Let :meth:`read` return when ``descriptor`` can be read as well."""
        self._poll.register(descriptor, select.POLLIN)

    def read(self, timeout: float | None) -> list[bytes]:
        """Wait up to ``timeout`` seconds (None: for ever) for lines, and return those there are.

        Returns without any after a day.
        """
        if self._stand_in is not None:
            return self._receive_kept(self._stand_in)
        milliseconds = None if timeout is None else min(max(0.0, timeout), _LONGEST_WAIT) * 1000
        lines: list[bytes] = []
        for descriptor, _ in self._poll.poll(milliseconds):
            if descriptor == self._stdin:
                self._send()
            elif descriptor in self._open:
                lines += self._receive(descriptor)
        return lines

    def lend(self) -> None:
        """Have another process listen from now on, because this one is about to be stopped. Where none can be
        started, nobody does."""
        from sloth_tui.runner.supervision.stand_in import StandIn

        if self._channel in self._open:
            try:
                self._stand_in = StandIn(self._channel)
            except OSError:
                return

    def take_back(self) -> None:
        """Listen again; what was said since :meth:`lend` is what :meth:`read` returns first."""
        if self._stand_in is not None:
            self._stand_in.dismiss()

    def dismiss(self) -> None:
        """Tell the worker to end itself and all it started. It needs well under a second, unless commands do
        not end as soon as they are asked to: then it says ``asked`` and waits until their time is up."""
        self._say(_STOP)

    def hasten(self) -> None:
        """Tell a worker that was dismissed not to wait any longer."""
        self._say(_KILL)

    def _say(self, word: bytes) -> None:
        if self._stdin < 0:
            return
        if self._unsent:  # it has not begun
            self._hang_up()
            return
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._stdin, word)

    def _hang_up(self) -> None:
        if self._stdin >= 0:
            if self._unsent:
                self._poll.unregister(self._stdin)
            os.close(self._stdin)
            self._stdin = -1

    def kill(self, run: str | None = None) -> None:
        """End by force all below it, its session, and what the commands of this run have started outside."""
        from sloth_tui.runner.processes import descendants, end_all, of_run, of_session

        # Itself last: what loses its parent stays below it as long as it is there.
        end_all(lambda: descendants(self.pid), seconds=1.0)
        end_all(lambda: of_session(self.pid), seconds=1.0)
        if run is not None:
            end_all(lambda: of_run(run), seconds=1.0)

    def close(self, patience: float) -> None:
        """Make sure that it is gone: by itself within so many seconds, else by force."""
        import time

        self._hang_up()
        deadline = time.monotonic() + patience
        while not self.ended and time.monotonic() < deadline:
            self.read(deadline - time.monotonic())
        if not self.ended:
            self.kill()
        with suppress(ChildProcessError):  # somebody who reaps all children of this process was first
            os.waitpid(self.pid, 0)
        for descriptor in (self._channel, self._errors):
            os.close(descriptor)

    def _send(self) -> None:
        try:
            self._unsent = self._unsent[os.write(self._stdin, self._unsent) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._unsent = self._unsent[:0]
        if not self._unsent:
            self._poll.unregister(self._stdin)

    def _receive(self, descriptor: int) -> list[bytes]:
        data = os.read(descriptor, _READ)
        if not data:
            self._poll.unregister(descriptor)
            self._open.discard(descriptor)
            return []
        if descriptor == self._errors:
            self.errors = (self.errors + data)[-_KEPT_ERRORS:]
            return []
        return self._lines(data)

    def _receive_kept(self, stand_in: StandIn) -> list[bytes]:
        data = stand_in.take()
        if not data:
            self._stand_in = None
            if stand_in.failed:
                # What comes next need not be the rest of this line.
                self.unheard, self._incomplete = True, b""
        return self._lines(data)

    def _lines(self, data: bytes) -> list[bytes]:
        *lines, self._incomplete = (self._incomplete + data).split(b"\n")
        return lines


def _spawn(stdin: int, channel: int, errors: int) -> int:
    """Start the worker as leader of a new session. ``posix_spawn``: subprocess costs 10 ms to import."""
    # Out of the way of 0 to 3, which are overwritten one after the other.
    moved: list[int] = []
    try:
        for descriptor in (stdin, errors, channel):
            moved.append(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10))  # noqa: PERF401 - closed below
        return _spawn_with(*moved)
    finally:
        for descriptor in moved:
            os.close(descriptor)


def _not_started(error: OSError) -> SlothError:
    import errno

    from sloth_tui import shortage

    if error.errno == errno.EINVAL:  # fcntl(2) was asked for a number beyond the limit
        return SlothError(shortage.too_many_files())
    if error.errno == errno.EAGAIN:
        return SlothError(shortage.too_many_processes())
    return SlothError(shortage.shortage(error) or f"cannot start a worker process: {error.strerror}")


def _spawn_with(stdin: int, errors: int, channel: int) -> int:
    actions = [
        (os.POSIX_SPAWN_DUP2, stdin, 0),
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_DUP2, errors, 2),
        (os.POSIX_SPAWN_DUP2, channel, _CHANNEL),
    ]
    # The working directory, which an empty entry stands for, is the user's: no place to import from.
    arguments = [sys.executable, "-P", "-S", "-c", _START, *filter(None, sys.path)]
    return os.posix_spawn(sys.executable, arguments, os.environ, file_actions=actions, setsid=True)
