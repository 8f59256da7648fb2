"""The command that runs under a lock, in a process group of its own.

Its process is forked before the store is opened, while this process has a single thread, and waits for the
token of the lock. The kernel kills it with its parent (prctl(2)); :mod:`sloth_tui.cli.under_lock.watchdog`
does so for the rest of the group, and where there is no such call.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

NAME_VARIABLE, TOKEN_VARIABLE = "SLOTH_LOCK_NAME", "SLOTH_LOCK_TOKEN"
_RUN_VARIABLE = "SLOTH_RUNNER_RUN"
"""Marks the processes of a run of tasks, which this one is not; whoever ends that run ends its parent."""
_PR_SET_PDEATHSIG = 1
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_POLL_SECONDS = 0.02


class Command:
    """A command that begins when it is told to."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self.status: int | None = None
        """How it ended, as ``waitpid`` says it; None while it runs."""
        # Whoever started this program may have ignored it, and then no child can be waited for.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        waiting, self._start = os.pipe()
        self._failure, failing = os.pipe()
        parent = os.getpid()
        self.group = os.fork()
        """The number of its process and of its group."""
        if self.group == 0:
            os.close(self._start)
            _execute_when_told(words, waiting, failing, parent)
        os.close(waiting)
        os.close(failing)
        with suppress(OSError):  # it does the same: whoever comes first
            os.setpgid(self.group, self.group)

    @property
    def pipes(self) -> tuple[int, int]:
        """The descriptors that no other process may hold."""
        return self._start, self._failure

    def begin(self, name: str, token: int) -> tuple[int, str] | None:
        """Let the command run; return None, or the exit code and the reason if it cannot be run."""
        with suppress(BrokenPipeError):  # somebody has killed it already
            os.write(self._start, f"{token} {name}".encode())
        os.close(self._start)
        self._start = -1
        with open(self._failure, "rb") as file:
            failure = file.read()
        self._failure = -1
        if not failure:
            return None
        self.reap()
        error = int(failure)
        code = _NOT_FOUND if error == 2 else _NOT_EXECUTABLE  # ENOENT
        return code, f"cannot run '{self._words[0]}': {os.strerror(error)}"

    def signal(self, number: int) -> None:
        """Send a signal to every process of the group."""
        if self.status is None:
            with suppress(OSError):
                os.killpg(self.group, number)

    def poll(self) -> int | None:
        """Take note of how the command ended; return the signal that stopped it since the last call."""
        if self.status is None:
            pid, status = os.waitpid(self.group, os.WNOHANG | os.WUNTRACED)
            if pid and os.WIFSTOPPED(status):
                return os.WSTOPSIG(status)
            if pid:
                self.status = status
        return None

    def end(self, grace: float) -> None:
        """End every process of the group: SIGTERM, and after ``grace`` seconds SIGKILL."""
        for number in (signal.SIGTERM, signal.SIGCONT):
            with suppress(OSError):
                os.killpg(self.group, number)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline and self._is_left():
            time.sleep(_POLL_SECONDS)
        with suppress(OSError):
            os.killpg(self.group, signal.SIGKILL)
        self.reap()

    def reap(self) -> None:
        """Wait for the end of the command."""
        if self.status is None:
            self.status = os.waitpid(self.group, 0)[1]

    def close(self) -> None:
        """End a command that has not begun."""
        if self._start >= 0:
            os.close(self._start)
            os.close(self._failure)
            self._start = self._failure = -1
            self.reap()

    def _is_left(self) -> bool:
        self.poll()
        try:
            os.killpg(self.group, 0)
        except OSError:
            return False
        return True


def exit_code(status: int) -> int:
    """Return the exit code that a shell has for such a ``waitpid`` status."""
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _execute_when_told(words: list[str], waiting: int, failing: int, parent: int) -> NoReturn:
    try:
        os.setpgid(0, 0)
        _die_with(parent)
        with open(waiting, "rb") as file:
            told = file.read()
        if told:
            token, _, name = told.decode().partition(" ")
            environment = {**os.environ, NAME_VARIABLE: name, TOKEN_VARIABLE: token}
            environment.pop(_RUN_VARIABLE, None)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
                signal.signal(number, signal.SIG_DFL)
            os.write(failing, b"%d" % _execute(words, environment))
    finally:
        os._exit(1)


def _execute(words: list[str], environment: dict[str, str]) -> int:
    """Replace this process by the command; return the number of the error if that is not possible."""
    import errno

    try:
        os.execvpe(words[0], words, environment)  # noqa: S606 - the words are the command
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            return error.errno or errno.EACCES
    except ValueError:  # an empty name, or one with NUL
        return errno.ENOENT
    import shutil

    # A script without a first line that names its interpreter is the shell's, as execvp(3) has it.
    path = shutil.which(words[0]) or words[0]
    try:
        os.execve("/bin/sh", ["sh", path, *words[1:]], environment)  # noqa: S606
    except OSError as error:
        return error.errno or errno.EACCES


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent is gone."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
