"""Running a command here: its output as it comes, in the order it was written, and its end."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

from sloth_tui.runner import link
from sloth_tui.runner.hosts.pipes import ARRIVED, READ, Readiness, Stream, end_descriptor, leftovers
from sloth_tui.runner.limits import lifted
from sloth_tui.runner.processes import processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_POLITE = 5
"""So much nicer are commands than the process that started them: it has to be able to end them."""
_NICEST = 19
_LOOK = 0.02
"""Seconds between two looks at whether a group that was asked to end is gone."""
_AFTER_END = 0.1
"""Seconds to listen, at most, to what children that a command left behind still write."""


class Command(NamedTuple):
    """What to run, by ``/bin/sh -c``."""

    text: bytes
    cwd: str | None
    env: Mapping[str, str]
    """On top of this process's environment."""
    stdin: bytes | None
    timeout: float | None
    grace: float | None = None
    """Seconds to end in, once it is asked to; None: as many as the run gives."""


def is_written_to() -> bool:
    """Whether children that commands left behind may still have something to say."""
    return leftovers.count > 0


def run_command(command: Command, grace: float, hear: Callable[[str, bytes], None]) -> int | None:
    """Run it; ``hear(stream, data)`` gets what it writes to ``stdout`` and ``stderr``.

    Returns its exit code, 128 plus the number of the signal that ended it, or None if it took longer
    than its timeout: its process group is then asked to end, and killed after the command's own grace, or
    ``grace`` seconds. Raises OSError if it cannot be started. Children it leaves behind go on; what they
    write later is thrown away.
    """
    link.begin_command()
    listener = _Listener(hear, grace if command.grace is None else command.grace)
    try:
        listener.start(command)
        code = listener.listen()
        if code:
            link.let_judge()
        return code
    finally:
        listener.close()
        link.say(link.ENDED)


class _Listener:
    """Waits for one process: its output, its end, the room it has for input."""

    def __init__(self, hear: Callable[[str, bytes], None], grace: float) -> None:
        self._hear = hear
        self._grace = grace
        self._ready = Readiness()
        streams = (Stream("stdout"), Stream("stderr"))
        self._writers = [stream.writer for stream in streams]
        self._streams = {stream.reader: stream for stream in streams}
        for reader in self._streams:
            # Before the command starts: what is ready already when it is registered has lost its order.
            self._ready.register(reader, ARRIVED)
        self._input = memoryview(b"")
        self._end = -1

    def start(self, command: Command) -> None:
        """Raises OSError."""
        self._deadline = None if command.timeout is None else time.monotonic() + command.timeout
        with lifted():
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", command.text],
                cwd=command.cwd,
                env={**os.environ, **command.env},
                stdin=subprocess.DEVNULL if command.stdin is None else subprocess.PIPE,
                stdout=self._writers[0],
                stderr=self._writers[1],
                process_group=0,
            )
        link.say(link.STARTED, self._process.pid, command.grace)
        self._step_back()
        self._close_writers()
        self._end = end_descriptor(self._process)
        self._ready.register(self._end, select.POLLIN)
        if self._process.stdin is not None:
            self._input = memoryview(command.stdin or b"")
            os.set_blocking(self._process.stdin.fileno(), False)
            self._ready.register(self._process.stdin.fileno(), select.POLLOUT)

    def _step_back(self) -> None:
        """Let all of the command be served after this process, and after whoever watches over it."""
        nice = min(_NICEST, os.getpriority(os.PRIO_PROCESS, 0) + _POLITE)
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PGRP, self._process.pid, nice)

    def listen(self) -> int | None:
        while not self._poll(self._time_left()):
            if self._time_left() == 0.0:
                if not link.stopped():
                    self._end_group()
                    return None
                self._deadline = None  # it has been asked already, and its time is counted
        self._hear_rest()
        status = self._process.wait()
        return status if status >= 0 else 128 - status

    def close(self) -> None:
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
        """Deal with what is ready; whether the process has ended."""
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
        """Read a packet. At the end of file the stream is forgotten."""
        with contextlib.suppress(BlockingIOError):
            data = os.read(reader, READ)
            if data:
                self._hear(self._streams[reader].name, data)
                return
            self._ready.unregister(reader)
            self._streams.pop(reader)
            os.close(reader)

    def _send(self) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            self._input = self._input[os.write(stdin.fileno(), self._input[:READ]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it does not want to know
            self._input = self._input[:0]
        if not self._input:
            self._ready.unregister(stdin.fileno())
            stdin.close()

    def _hear_rest(self) -> None:
        """What was written before the end is in the pipes; children left behind may write for ever."""
        deadline = time.monotonic() + _AFTER_END
        while time.monotonic() < deadline:
            readable = [found for found, _ in self._ready.poll(0) if found in self._streams]
            if not readable:
                return
            for reader in readable:
                self._receive(reader)

    def _end_group(self) -> None:
        group = self._process.pid
        if self._grace > 0:
            link.say(link.ASKED, group, self._grace)
            _signal(group, signal.SIGTERM)
            _signal(group, signal.SIGCONT)
            self._wait_for_group(time.monotonic() + self._grace)
        _signal(group, signal.SIGKILL)
        self._hear_rest()
        self._process.wait()

    def _wait_for_group(self, deadline: float) -> None:
        """Until all of it has ended, not only the command itself; what it says meanwhile is heard."""
        while (left := deadline - time.monotonic()) > 0 and not self._poll(left):
            pass
        self._ready.unregister(self._end)
        while deadline > time.monotonic() and any(p.group == self._process.pid for p in processes()):
            self._poll(_LOOK)


def _signal(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
