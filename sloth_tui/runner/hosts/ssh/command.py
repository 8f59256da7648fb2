"""A command on a host that ssh reaches: its output without the marks around it, and its end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sloth_tui.runner import link
from sloth_tui.runner.hosts.ssh.remote_shell import ShellLost
from sloth_tui.runner.hosts.ssh.requests import call

if TYPE_CHECKING:
    from collections.abc import Callable

    from sloth_tui.runner.hosts.ssh.remote_shell import RemoteShell
    from sloth_tui.runner.hosts.ssh.requests import Markers

_LOOK_SECONDS = 0.5
"""The time between two looks whether processes are left there."""
_SIGNAL_BASE = 256
"""What ksh adds to the number of a signal, instead of 128."""


class MarkedOutput:
    """Passes on what comes between the marks. What comes before is noise of ssh, banners and rc files; what
    comes after is written by children that were left behind."""

    def __init__(self, markers: Markers, receive: Callable[[str, bytes], None]) -> None:
        self._receive = receive
        self._streams = {name: _Stream(markers) for name in ("stdout", "stderr")}

    def receive(self, stream: str, data: bytes) -> None:
        """Take what ssh has written."""
        if passed := self._streams[stream].cut(data):
            self._receive(stream, passed)

    @property
    def begun(self) -> bool:
        """True if the command has begun."""
        return any(stream.begun for stream in self._streams.values())

    @property
    def ended(self) -> bool:
        """True if it has ended, and all of its output was passed on."""
        return all(stream.last is not None for stream in self._streams.values())

    @property
    def verdict(self) -> tuple[int, str] | None:
        """Its exit code and the last words of its script; None if it did not come to its end."""
        for stream in self._streams.values():
            if stream.last is not None:
                code, _, words = stream.last.decode("utf-8", "backslashreplace").partition(" ")
                return _exit_code(int(code)), words
        return None


def _exit_code(code: int) -> int:
    return code - 128 if code > _SIGNAL_BASE else code


class _Stream:
    """What one of the two outputs has said."""

    def __init__(self, markers: Markers) -> None:
        self._markers = markers
        self._held = b""
        self.begun = False
        self.last: bytes | None = None
        """What follows the mark at the end."""

    def cut(self, data: bytes) -> bytes:
        """Return the part of it that is the command's."""
        if self.last is not None:
            return b""
        data = self._held + data
        if not self.begun:
            noise, self._held, data = _divide(data, self._markers.begin)
            if noise is None:
                return b""
            self.begun, self._held = True, b""
        passed, self._held, rest = _divide(data, self._markers.end)
        if passed is None:
            passed, self._held = data[: len(data) - len(self._held)], self._held
            return passed
        line, line_feed, _ = rest.partition(b"\n")
        if line_feed:
            self.last = line
        else:
            self._held = self._markers.end + rest
        return passed


def _divide(data: bytes, mark: bytes) -> tuple[bytes | None, bytes, bytes]:
    """Return what is before the mark, and after it; or None, and the end of data that may begin a mark."""
    before, found, after = data.partition(mark)
    if found:
        return before, b"", after
    start = data.rfind(mark[:1], max(0, len(data) - len(mark)))
    held = data[start:] if start >= 0 and mark.startswith(data[start:]) else b""
    return None, held, b""


class ChannelCommand:
    """A running command, as :class:`~.command.RemoteCommand`: signals reach it by the resident shell."""

    def __init__(self, shell: RemoteShell, number: int, output: MarkedOutput) -> None:
        self._shell = shell
        self._number = b"%d" % number
        self._output = output
        self._asked = False
        self._next_look = 0.0

    def announce(self, group: int) -> None:
        link.send(link.RELAYING, self._shell.group)
        link.send(link.RELAYING, group)

    def has_ended(self) -> bool:
        return self._output.ended

    def ask_to_end(self) -> None:
        if not self._asked:
            self._asked = True
            self._tell("ask_all" if link.stopped() else "ask")

    def is_gone(self) -> bool:
        if not self._output.ended and time.monotonic() < self._next_look:
            return False
        self._next_look = time.monotonic() + _LOOK_SECONDS
        return not self._tell("runs")

    def call_off(self) -> bool:
        """True if the command has not begun, and never will."""
        return self._tell("call_off")

    def kill(self) -> None:
        self._tell("kill_command")

    def _tell(self, function: str) -> bool:
        """Return whether the status was 0. A shell that is gone has ended everything."""
        try:
            return self._shell.request(call(function, self._number)).status == 0
        except ShellLost:
            return False
