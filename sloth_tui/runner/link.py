"""The connection between the guard and its child, the process that runs Lua.

The child reports which commands it starts. The guard reports that the run is being stopped: from then on the
child starts nothing and changes nothing, but continues to read the output of its commands.
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Enclosure(Protocol):
        """The limit that commands are started in."""

        def prepare(self) -> None:
            """Get ready for the next command."""

        def has_refused(self) -> bool:
            """True if the kernel has refused the commands something since the last call."""


_FORMAT = struct.Struct("=cid")
BEGINNING, STARTED, ASKED, ENDED, HELD, WAITING, REFUSED, RELAYING = (
    b"b",
    b"s",
    b"a",
    b"e",
    b"h",
    b"w",
    b"r",
    b"y",
)
"""The child is about to start a command; has started it, in a process group of its own; has asked that group
to end; has read all of its output. It stands still because the run is stopped; it has done its work, and
stands still because children of commands still write to it. The kernel has refused a process to a command.
The group carries the output of a command on another host, which the child asks to end: until the command has
ended, the group itself is not asked."""
_VERDICT_SECONDS = 3.0
"""The time that the guard gets to count the processes."""


class Message(NamedTuple):
    kind: bytes
    group: int = 0
    grace: float | None = None
    """The command's own grace in seconds, if it has one."""


class Link:
    """The connection, made before the fork. ``reader`` gets the child's messages, and ends with the child."""

    def __init__(self, enclose: Callable[[], Enclosure]) -> None:
        """``enclose`` is called in the child before it starts its first command."""
        self.reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._stopped = mmap.mmap(-1, 1)
        self._enclose = enclose
        self._enclosure: Enclosure | None = None
        self.before_standing: Callable[[], None] = _nothing

    def keep_reader(self) -> None:
        """Take the guard's side."""
        os.close(self._writer)

    def keep_writer(self) -> None:
        """Take the child's side."""
        global _own_link  # noqa: PLW0603 - there is one per process, and commands are started deep inside it
        os.close(self.reader)
        _own_link = self

    def receive(self) -> list[Message]:
        """Return the messages that have arrived; none if the child is gone."""
        data = os.read(self.reader, _FORMAT.size * 1000)
        return [
            Message(kind, group, None if grace < 0 else grace)
            for kind, group, grace in _FORMAT.iter_unpack(data)
        ]

    def stop(self) -> None:
        """Tell the child that the run is being stopped."""
        self._stopped[0] = 1

    @property
    def stopped(self) -> bool:
        """True after :meth:`stop`."""
        return self._stopped[0] != 0

    def send(self, message: Message) -> None:
        """Send a message to the guard, without waiting."""
        grace = -1.0 if message.grace is None else message.grace
        # A guard that was stopped by a signal reads nothing, and must not hold up the work.
        with suppress(BlockingIOError):
            os.write(self._writer, _FORMAT.pack(message.kind, message.group, grace))

    def begin(self) -> None:
        """Prepare the child for a command."""
        if self._enclosure is None:
            self._enclosure = self._enclose()
        self._enclosure.prepare()
        self.send(Message(BEGINNING))
        if self.stopped:
            stand_still(HELD)

    def report_refusal(self) -> None:
        """After a failed command, let the guard find out whether it was a fork bomb, and end this process.

        Does nothing unless the kernel has refused it a process.
        """
        if self._enclosure is not None and self._enclosure.has_refused():
            self.send(Message(REFUSED))
            time.sleep(_VERDICT_SECONDS)


def _nothing() -> None:
    return


_own_link: Link | None = None


def announce_command() -> None:
    """Report that a command is about to be started."""
    if _own_link is not None:
        _own_link.begin()


def send(kind: bytes, group: int = 0, grace: float | None = None) -> None:
    """Send a message to the guard, if there is one."""
    if _own_link is not None:
        _own_link.send(Message(kind, group, grace))


def report_refusal() -> None:
    """See :meth:`Link.report_refusal`."""
    if _own_link is not None:
        _own_link.report_refusal()


def call_before_standing(function: Callable[[], None]) -> None:
    """Register a function that is called before this process stands still."""
    if _own_link is not None:
        _own_link.before_standing = function


def stopped() -> bool:
    """True if the run is being stopped: nothing new may begin."""
    return _own_link is not None and _own_link.stopped


def stand_still(kind: bytes) -> NoReturn:
    """Block this thread until the guard ends the process. Other threads continue."""
    if _own_link is not None:
        _own_link.before_standing()
    send(kind)
    while True:
        signal.pause()
