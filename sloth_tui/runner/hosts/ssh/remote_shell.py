"""One resident shell on another host: it answers requests, ends commands, and ends with its stdin.

It knows nothing of files, hosts or ssh: it is a process whose stdin is read by a POSIX shell, somewhere.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.runner import link
from sloth_tui.runner.hosts.ssh.requests import quote
from sloth_tui.runner.limits import original_limits
from sloth_tui.threads import start_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

PERIOD_SECONDS = 5
"""The time between two heartbeats. After three that do not come, the other host ends everything."""
_PREAMBLE = ("remote_files.sh", "remote_processes.sh", "remote_shell.sh")
"""What the shell reads first, beside this file."""
_MOST_ERRORS = 64 * 1024
"""Bytes of stderr that are kept."""
_READ_BYTES = 1 << 16
_END_SECONDS = 5.0
"""The time that the shell gets to clean up, beside the grace of what it ends."""


class Answer(NamedTuple):
    """What a request printed, and its exit status."""

    status: int
    text: bytes


class ShellLost(Exception):
    """The shell did not come up, or is gone. ``status`` is the exit status of the process that led to it."""

    def __init__(self, status: int | None, out: bytes, errors: bytes) -> None:
        super().__init__(f"the shell ended with status {status}")
        self.status = status
        self.out = out
        """What stdout said that is no answer: why a login shell runs nothing, for example."""
        self.errors = errors
        """The end of stderr."""


class Ready(NamedTuple):
    """What a shell says when it is ready."""

    parent: int
    """The process there that has started it."""
    in_directory: bool
    """True if it is where it was told to start."""
    programs: frozenset[str]
    """What is there, see the end of ``remote_shell.sh``."""


class ShellSetup(NamedTuple):
    """How a shell is made ready."""

    nonce: str
    """Letters and digits that nothing else on the other host prints or is called."""
    grace: float
    """Seconds that commands have to end when the shell does."""
    program: str = "/bin/sh"
    """What runs scripts there."""
    cwd: bytes = b""
    """The directory that paths are relative to; empty: the one it starts in."""
    peer: int | None = None
    """A process there without which all is over."""
    period: int = PERIOD_SECONDS


class RemoteShell:
    """A running shell. Requests come from one thread; heartbeats are sent by another one."""

    def __init__(self, arguments: Sequence[str], setup: ShellSetup) -> None:
        """Start it, and wait until it is ready. Raises ShellLost, and OSError if nothing can be started."""
        self._setup = setup
        self._mark = b"\n" + setup.nonce.encode() + b" "
        self._number = 0
        self._buffer = bytearray()
        self._errors = bytearray()
        self._writing = threading.Lock()
        self._over = threading.Event()
        link.announce_command()
        try:
            with original_limits():
                self._process = subprocess.Popen(
                    arguments,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    process_group=0,
                )
            link.send(link.STARTED, self._process.pid)
        finally:
            link.send(link.ENDED)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._stdin = self._process.stdin.fileno()
        self._stdout = self._process.stdout.fileno()
        self._stderr = self._process.stderr.fileno()
        self._read = {self._stdout, self._stderr}
        os.set_blocking(self._stdin, False)
        try:
            self.ready = self._become_ready()
        except BaseException:
            self._process.kill()  # without a connection it does not heed the end of its stdin
            self.close()
            raise

    @property
    def group(self) -> int:
        """The process group of the local process."""
        return self._process.pid

    def _become_ready(self) -> Ready:
        """Raises ShellLost."""
        self._write(_preamble(self._setup))
        parent, state, *programs = self._read_to(b"ready").decode(errors="replace").split()
        # One heartbeat thread a shell: requests may be far apart, and a local command may take hours.
        start_thread(self._beat)
        return Ready(int(parent), state == "ready", frozenset(programs))

    def request(self, body: bytes) -> Answer:
        """Run ``body``, whole or not at all, and return what it printed on both outputs. Raises ShellLost.

        ``body``: text for the shell, which must not end it, nor read its stdin but by here-documents.
        """
        self._number += 1
        number = str(self._number).encode()
        with self._writing:
            self._write(b"{ begin; {\n%b\n} 2>&1; answer %b $?; }\n" % (body, number))
        text = bytearray()
        status = self._read_to(number, text)
        return Answer(int(status), bytes(text))

    def close(self) -> None:
        """End everything that was started there, and the shell; wait for it."""
        self._over.set()
        with self._writing:
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(self._setup.grace + _END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def _beat(self) -> None:
        while not self._over.wait(self._setup.period):
            # A pipe that is full of a request is a sign of life, and one that is gone is noticed elsewhere.
            with self._writing, contextlib.suppress(OSError, ValueError):
                if not self._over.is_set():
                    os.write(self._stdin, b"beat\n")

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            if not self._take(self._poll(self._stdin)):
                raise self._lost()
            try:
                left = left[os.write(self._stdin, left[:_READ_BYTES]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._lost() from None

    def _read_to(self, word: bytes, text: bytearray | None = None) -> bytes:
        """Read up to the line with the mark and this word; return its rest, and what came before in ``text``.

        Raises ShellLost.
        """
        mark = self._mark + word + b" "
        searched = 0
        while (start := self._buffer.find(mark, max(0, searched - len(mark)))) < 0 or (
            end := self._buffer.find(b"\n", start + len(mark))
        ) < 0:
            searched = len(self._buffer) if start < 0 else start
            if not self._take(self._poll()):
                raise self._lost()
        rest = bytes(self._buffer[start + len(mark) : end])
        if text is not None:
            text += self._buffer[:start]
        del self._buffer[: end + 1]
        return rest

    def _poll(self, writer: int | None = None) -> list[int]:
        """Wait until there is something to read, or room to write."""
        poll = select.poll()
        for descriptor in self._read:
            poll.register(descriptor, select.POLLIN)
        if writer is not None:
            poll.register(writer, select.POLLOUT)
        return [descriptor for descriptor, _ in poll.poll()]

    def _take(self, ready: list[int]) -> bool:
        """Read what is there; return False at the end of stdout."""
        for descriptor in self._read.intersection(ready):
            data = os.read(descriptor, _READ_BYTES)
            if descriptor == self._stderr:
                self._errors += data
                del self._errors[:-_MOST_ERRORS]
            else:
                self._buffer += data
            if not data:
                self._read.remove(descriptor)
        return self._stdout in self._read

    def _lost(self) -> ShellLost:
        """Collect what the process said before it ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        os.set_blocking(self._stderr, False)
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._stderr, _READ_BYTES):
                self._errors += data
        return ShellLost(self._process.poll(), bytes(self._buffer), bytes(self._errors[-_MOST_ERRORS:]))


def _preamble(setup: ShellSetup) -> bytes:
    settings = {
        b"nonce": setup.nonce.encode(),
        b"period": b"%d" % setup.period,
        b"grace": b"%d" % round(setup.grace * 10),
        b"cwd": setup.cwd,
        b"peer": b"" if setup.peer is None else b"%d" % setup.peer,
        b"shell": setup.program.encode(),
    }
    lines = [name + b"=" + quote(value) + b"\n" for name, value in settings.items()]
    for name in _PREAMBLE:
        with open(os.path.join(os.path.dirname(__file__), name), "rb") as file:
            lines.append(file.read())
    return b"".join(lines)
