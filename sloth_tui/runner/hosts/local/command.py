"""Run a command on this machine, and pass on its output as it comes, in the order it was written."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from sloth_tui.runner import link
from sloth_tui.runner.hosts.local.pipes import (
    READ_BYTES,
    READABLE,
    Readiness,
    Stream,
    leftovers,
    open_end_descriptor,
)
from sloth_tui.runner.limits import original_limits
from sloth_tui.runner.processes import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sloth_tui.runner.hosts.host import Command

_NICENESS = 5
"""Added to the niceness of commands, so that the process that started them is able to end them."""
_MAX_NICENESS = 19
_POLL_SECONDS = 0.02
"""The time between two checks whether a group that was asked to end is gone."""
_REMOTE_POLL_SECONDS = 0.1
"""The time between two checks whether a command on another host has to be asked to end."""
_LEFTOVER_SECONDS = 0.1
"""The longest time to read what children that a command left behind still write."""


class Invocation(NamedTuple):
    """A process to start."""

    arguments: Sequence[bytes | str]
    """The program, and what it is called with."""
    cwd: str | None
    env: Mapping[str, str]
    """Added to the environment of this process."""
    stdin: bytes | None
    timeout: float | None
    grace: float | None = None
    """Seconds that it has to end once it is asked to; None: as many as the run gives."""


class RemoteCommand(Protocol):
    """The command on another host whose input and output a process of this machine carries."""

    def announce(self, group: int) -> None:
        """Take note of the process group of the process that carries its input and output."""

    def has_ended(self) -> bool:
        """True if it has ended, and everything that it wrote has arrived."""

    def ask_to_end(self) -> None:
        """Ask all of its processes to end, unless they have been asked."""

    def is_gone(self) -> bool:
        """True if none of its processes is left."""

    def kill(self) -> None:
        """Kill all of its processes."""


def has_leftovers() -> bool:
    """True if children that commands left behind may still write."""
    return leftovers.count > 0


def run_command(command: Command, grace: float, receive: Callable[[str, bytes], None]) -> int | None:
    """Run a command of this machine; its guards are not asked. See :func:`run_process`."""
    shell = (b"/bin/sh", b"-c", command.text)
    invocation = Invocation(shell, command.cwd, command.env, command.stdin, command.timeout, command.grace)
    return run_process(invocation, grace, receive)


def run_process(
    command: Invocation,
    grace: float,
    receive: Callable[[str, bytes], None],
    remote: RemoteCommand | None = None,
) -> int | None:
    """Run a process; call ``receive(stream, data)`` with what it writes to ``stdout`` and ``stderr``.

    Returns its exit code, 128 plus the number of the signal that ended it, or None after its timeout: then
    its process group is asked to end, and killed after the command's own grace, or ``grace`` seconds. Raises
    OSError if it cannot be started. Children that it leaves behind continue; their later output is dropped.

    ``remote``: the command on another host that this one stands for. Then it is that one which is asked to
    end and killed, and whose end is waited for.
    """
    link.announce_command()
    listener = _Listener(receive, grace if command.grace is None else command.grace, remote)
    try:
        listener.start(command)
        code = listener.listen()
        if code:
            link.report_refusal()
        return code
    finally:
        listener.close()
        link.send(link.ENDED)


class _Listener:
    """Reads the output of one process, writes its input, and waits for its end."""

    def __init__(
        self, receive: Callable[[str, bytes], None], grace: float, remote: RemoteCommand | None
    ) -> None:
        self._pass_on = receive
        self._grace = grace
        self._remote = remote
        self._ready = Readiness()
        streams = (Stream("stdout"), Stream("stderr"))
        self._writers = [stream.writer for stream in streams]
        self._streams = {stream.reader: stream for stream in streams}
        for reader in self._streams:
            # Before the command starts: pipes that are readable when they are registered lose their order.
            self._ready.register(reader, READABLE)
        self._input = memoryview(b"")
        self._end = -1

    def start(self, command: Invocation) -> None:
        """Start the command. Raises OSError."""
        self._deadline = None if command.timeout is None else time.monotonic() + command.timeout
        with original_limits():
            self._process = subprocess.Popen(
                command.arguments,
                cwd=command.cwd,
                env={**os.environ, **command.env},
                stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
                stdout=self._writers[0],
                stderr=self._writers[1],
                process_group=0,
            )
        link.send(link.STARTED, self._process.pid, command.grace)
        if self._remote is not None:
            self._remote.announce(self._process.pid)
        self._lower_priority()
        self._close_writers()
        self._end = open_end_descriptor(self._process)
        self._ready.register(self._end, select.POLLIN)
        if self._process.stdin is not None:
            self._input = memoryview(command.stdin or b"")
            os.set_blocking(self._process.stdin.fileno(), False)
            self._ready.register(self._process.stdin.fileno(), select.POLLOUT)

    def _lower_priority(self) -> None:
        """Give all of the command a lower priority than this process and its guard."""
        nice = min(_MAX_NICENESS, os.getpriority(os.PRIO_PROCESS, 0) + _NICENESS)
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PGRP, self._process.pid, nice)

    def listen(self) -> int | None:
        """Read until the command ends; return its exit code, or None after its timeout."""
        while not self._wait():
            if self._time_left() == 0.0:
                if not link.stopped():
                    self._end_group() if self._remote is None else self._end_remote(self._remote)
                    return None
                self._deadline = None  # the guard has asked it to end, and measures its grace
        self._read_rest()
        if self._remote is not None and self._remote.has_ended() and self._outlasts():
            return 0
        status = self._process.wait()
        return status if status >= 0 else 128 - status

    def _wait(self) -> bool:
        """Wait until something happens; return True if the command has ended."""
        if self._remote is None:
            return self._poll(self._time_left())
        left = self._time_left()
        ended = self._poll(_REMOTE_POLL_SECONDS if left is None else min(left, _REMOTE_POLL_SECONDS))
        if link.stopped():  # no signal of the guard reaches another host
            self._remote.ask_to_end()
        return ended or self._remote.has_ended()

    def _outlasts(self) -> bool:
        """True if the process still carries output of children that the command on the other host left."""
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            self._poll(deadline - time.monotonic())
        return self._process.poll() is None

    def close(self) -> None:
        """Close what belongs to the command; leave pipes that children still write to to ``leftovers``."""
        self._close_writers()
        if self._end >= 0:
            for reader in list(self._streams):
                self._receive(reader)
        self._ready.close()
        if self._end < 0:
            for stream in self._streams.values():
                os.close(stream.reader)
            return
        os.close(self._end)
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        if self._streams:
            leftovers.add(list(self._streams))

    def _close_writers(self) -> None:
        while self._writers:
            os.close(self._writers.pop())

    def _time_left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _poll(self, timeout: float | None) -> bool:
        """Handle what is ready; return True if the process has ended."""
        ended = False
        for descriptor, _ in self._ready.poll(timeout):
            if descriptor == self._end:
                ended = True
            elif descriptor in self._streams:
                self._receive(descriptor)
            else:
                self._send()
        return ended

    def _receive(self, reader: int) -> None:
        """Read a packet. At the end of file, close the stream."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(reader, READ_BYTES)
            if data:
                self._pass_on(self._streams[reader].name, data)
                return
            self._ready.unregister(reader)
            self._streams.pop(reader)
            os.close(reader)

    def _send(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            self._input = self._input[os.write(stdin.fileno(), self._input[:READ_BYTES]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # the command has closed its stdin
            self._input = self._input[:0]
        if not self._input:
            self._ready.unregister(stdin.fileno())
            stdin.close()

    def _read_rest(self) -> None:
        """Read what was written before the end. Bounded, because children left behind may write for ever."""
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while time.monotonic() < deadline:
            readable = [found for found, _ in self._ready.poll(0) if found in self._streams]
            if not readable:
                return
            for reader in readable:
                self._receive(reader)

    def _end_group(self) -> None:
        group = self._process.pid
        if self._grace > 0:
            link.send(link.ASKED, group, self._grace)
            _signal(group, signal.SIGTERM)
            _signal(group, signal.SIGCONT)
            self._wait_for_group(time.monotonic() + self._grace)
        _signal(group, signal.SIGKILL)
        self._read_rest()
        self._process.wait()

    def _end_remote(self, remote: RemoteCommand) -> None:
        """End the command on the other host, then the process that carries its output."""
        if self._grace > 0:
            remote.ask_to_end()
            deadline = time.monotonic() + self._grace
            while time.monotonic() < deadline and not remote.is_gone():
                self._poll(min(_REMOTE_POLL_SECONDS, max(0.0, deadline - time.monotonic())))
        remote.kill()
        self._read_rest()
        _signal(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait_for_group(self, deadline: float) -> None:
        """Wait until the whole group has ended, not only the command, and read its output meanwhile."""
        while (left := deadline - time.monotonic()) > 0 and not self._poll(left):
            pass
        self._ready.unregister(self._end)
        while deadline > time.monotonic() and any(p.group == self._process.pid for p in processes()):
            self._poll(_POLL_SECONDS)


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
