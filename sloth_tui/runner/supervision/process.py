"""Start a worker process, send it its assignment, and read its lines.

Imports next to nothing, so that a front end can start a worker before it loads the rest of itself.
"""

from __future__ import annotations

import fcntl
import os
import select
import sys
from contextlib import suppress

from sloth_tui.errors import SlothError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sloth_tui.runner.request import Assignment

_CHANNEL, _STEPS, _KEYS = 3, 4, 5
_READ_BYTES = 1 << 18
_START = "import sys; sys.path = sys.argv[1:]; from sloth_tui.runner.worker.main import main; main()"
"""Like ``-m sloth_tui.runner.worker.main``, but 6 ms faster: no runpy, no second search for packages."""
_MAX_ERROR_BYTES = 8 * 1024
_STOP, _KILL = b"s", b"k"
"""Requests to the guard of a worker."""
_MAX_WAIT_SECONDS = 86_400.0
"""A day: poll(2) counts milliseconds in 32 bits."""


class WorkerProcess:
    """A worker in a session of its own. Not for use by several threads.

    It waits for an assignment, which goes through stdin. stdin stays open: its end tells the worker to stop,
    even if this process dies. Raises SlothError if the worker cannot be started.
    """

    def __init__(self) -> None:
        self._poll = select.poll()
        ours: list[int] = []
        theirs: dict[int, int] = {}
        try:
            for number in (0, 2, _CHANNEL, _STEPS, _KEYS):
                theirs[number] = _open_pipe(ours, writes=number in (0, _STEPS, _KEYS))
            self.pid = _spawn(theirs)
        except OSError as error:
            for descriptor in ours:
                os.close(descriptor)
            raise _not_started(error) from error
        finally:
            for descriptor in theirs.values():
                os.close(descriptor)
        self._stdin, self._errors, self._channel, self._steps, self._keys = ours
        for descriptor in (self._channel, self._errors):
            self._poll.register(descriptor, select.POLLIN)
        self._open = {self._channel, self._errors}
        os.set_blocking(self._stdin, False)
        self._unsent = memoryview(b"")
        self._incomplete = b""
        self.errors = b""
        """The last bytes that it wrote to stderr."""

    def assign(self, assignment: Assignment, keys: bytes = b"") -> None:
        """Send the worker its assignment, and at most a page of keys of encrypted databases. Call it once."""
        from sloth_tui.runner.request import encode_assignment

        with suppress(OSError):  # it is gone, which its lines tell
            os.write(self._keys, keys)
        self._close_keys()
        self._unsent = memoryview(encode_assignment(assignment))
        self._poll.register(self._stdin, select.POLLOUT)

    @property
    def ended(self) -> bool:
        """True if the worker will write nothing more."""
        return not self._open

    def interests(self) -> list[tuple[int, int]]:
        """Return descriptors, and the poll(2) events on them for which :meth:`read` has something to do."""
        wanted = [(descriptor, select.POLLIN) for descriptor in self._open]
        return [*wanted, (self._stdin, select.POLLOUT)] if self._unsent else wanted

    def begin_task(self, name: str, told: str = "") -> None:
        """Tell a worker that runs task by task which one is next, and what that one is to know."""
        with suppress(OSError):  # it is gone, which its lines tell
            os.write(self._steps, (f"{name}\0{told}" if told else name).encode() + b"\n")

    def end_tasks(self) -> None:
        """Tell a worker that runs task by task that there are no more."""
        if self._steps >= 0:
            os.close(self._steps)
            self._steps = -1

    def read(self, timeout: float | None) -> list[bytes]:
        """Wait up to ``timeout`` seconds (None: for ever, but at most a day) for lines, and return those that
        came, if any."""
        milliseconds = None if timeout is None else min(max(0.0, timeout), _MAX_WAIT_SECONDS) * 1000
        lines: list[bytes] = []
        for descriptor, _ in self._poll.poll(milliseconds):
            if descriptor == self._stdin:
                self._send()
            elif descriptor in self._open:
                lines += self._receive(descriptor)
        return lines

    def dismiss(self) -> None:
        """Ask the worker to end itself and everything it started.

        It needs well under a second, unless commands do not end as soon as they are asked to: then it sends
        the note ``asked``, and waits until their time is up.
        """
        self._request(_STOP)

    def hasten(self) -> None:
        """Ask a worker that was dismissed not to wait any longer."""
        self._request(_KILL)

    def _request(self, request: bytes) -> None:
        if self._stdin < 0:
            return
        if self._unsent:  # the worker has not begun
            self._close_stdin()
            return
        with suppress(BlockingIOError, BrokenPipeError):
            os.write(self._stdin, request)

    def _close_stdin(self) -> None:
        if self._stdin >= 0:
            if self._unsent:
                self._poll.unregister(self._stdin)
            os.close(self._stdin)
            self._stdin = -1

    def _close_keys(self) -> None:
        if self._keys >= 0:
            os.close(self._keys)
            self._keys = -1

    def kill(self, lane: str | None = None) -> None:
        """Kill its descendants, its session, and the processes of the lane's commands outside of both."""
        from sloth_tui.runner.processes import find_descendants, find_in_session, find_of_lane, kill_all

        # The worker last: while it is there, orphans stay its descendants.
        kill_all(lambda: find_descendants(self.pid), seconds=1.0)
        kill_all(lambda: find_in_session(self.pid), seconds=1.0)
        if lane is not None:
            kill_all(lambda: find_of_lane(lane), seconds=1.0)

    def close(self, seconds: float) -> None:
        """Wait up to ``seconds`` for the end of the worker, then kill it; close its descriptors."""
        import time

        self._close_stdin()
        self._close_keys()
        self.end_tasks()
        deadline = time.monotonic() + seconds
        while not self.ended and time.monotonic() < deadline:
            self.read(deadline - time.monotonic())
        if not self.ended:
            self.kill()
        with suppress(ChildProcessError):  # other code of this process reaps all children
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
        data = os.read(descriptor, _READ_BYTES)
        if not data:
            self._poll.unregister(descriptor)
            self._open.discard(descriptor)
            return []
        if descriptor == self._errors:
            self.errors = (self.errors + data)[-_MAX_ERROR_BYTES:]
            return []
        *lines, self._incomplete = (self._incomplete + data).split(b"\n")
        return lines


def _open_pipe(ours: list[int], *, writes: bool) -> int:
    """Open a pipe, add the end of this process to ``ours``, and return the worker's, as a high number: the
    low ones are overwritten there, one after the other. ``writes``: this process writes."""
    end, other = os.pipe()
    if writes:
        end, other = other, end
    ours.append(end)
    try:
        return fcntl.fcntl(other, fcntl.F_DUPFD_CLOEXEC, _KEYS + 1)
    finally:
        os.close(other)


def _not_started(error: OSError) -> SlothError:
    import errno

    from sloth_tui import shortage

    if error.errno == errno.EINVAL:  # fcntl(2) was asked for a number beyond the limit
        return SlothError(shortage.too_many_files())
    if error.errno == errno.EAGAIN:
        return SlothError(shortage.too_many_processes())
    return SlothError(shortage.describe_shortage(error) or f"cannot start a worker process: {error.strerror}")


def _spawn(descriptors: dict[int, int]) -> int:
    """Start the worker as leader of a new session, by ``posix_spawn``: subprocess costs 10 ms to import.

    ``descriptors``: those of this process, by their number there.
    """
    nothing = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    actions = [(os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in descriptors.items()]
    # An empty entry stands for the working directory, which is the user's: nothing is imported from there.
    arguments = [sys.executable, "-P", "-S", "-c", _START, *filter(None, sys.path)]
    return os.posix_spawn(
        sys.executable, arguments, os.environ, file_actions=[nothing, *actions], setsid=True
    )
