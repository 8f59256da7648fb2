"""What the guard and the process that runs Lua have in common, though one is the child of the other.

The child says which commands it starts; the guard says that the run is being stopped. From then on the
child starts nothing and changes nothing, but goes on to read what its commands still write.
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

    from sloth_tui.runner.worker.enclosure import Enclosure

_FORMAT = struct.Struct("=cid")
BEGINNING, STARTED, ASKED, ENDED, HELD, WAITING, REFUSED = (b"b", b"s", b"a", b"e", b"h", b"w", b"r")
"""The child is about to start a command; has started it, in a process group of its own; has asked that
group to end; has heard its last word. It stands still because the run is stopped; it has done its work, and
stands still because children of commands still write to it. The kernel has refused a command a process."""
_JUDGING = 1.0
"""Seconds for the guard to look."""


class Message(NamedTuple):
    kind: bytes
    group: int = 0
    grace: float | None = None
    """Seconds, where the command has some of its own."""


class Link:
    """Made before the fork. What the child sends arrives at ``reader``, which ends when the child is gone."""

    def __init__(self, enclose: Callable[[], Enclosure]) -> None:
        """``enclose`` is called in the child before it starts its first command."""
        self.reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._stopped = mmap.mmap(-1, 1)
        self._enclose = enclose
        self._enclosure: Enclosure | None = None
        self.before_standing: Callable[[], None] = _nothing

    def keep_reader(self) -> None:
        """In the guard."""
        os.close(self._writer)

    def keep_writer(self) -> None:
        """In the child."""
        global _mine  # noqa: PLW0603 - there is one per process, and commands are started deep inside it
        os.close(self.reader)
        _mine = self

    def receive(self) -> list[Message]:
        """What has come; empty when the child is gone."""
        data = os.read(self.reader, _FORMAT.size * 1000)
        return [
            Message(kind, group, None if grace < 0 else grace)
            for kind, group, grace in _FORMAT.iter_unpack(data)
        ]

    def stop(self) -> None:
        self._stopped[0] = 1

    @property
    def stopped(self) -> bool:
        return self._stopped[0] != 0

    def send(self, message: Message) -> None:
        grace = -1.0 if message.grace is None else message.grace
        # A guard that reads nothing, because somebody has stopped it, must not hold up the work.
        with suppress(BlockingIOError):
            os.write(self._writer, _FORMAT.pack(message.kind, message.group, grace))

    def begin(self) -> None:
        """In the child, before each command."""
        if self._enclosure is None:
            self._enclosure = self._enclose()
        self._enclosure.prepare()
        self.send(Message(BEGINNING))
        if self.stopped:
            stand_still(HELD)

    def let_judge(self) -> None:
        """In the child, after a command that failed: if the kernel has refused it something, let the guard
        see whether that was a fork bomb, and end this process."""
        if self._enclosure is not None and self._enclosure.has_refused():
            self.send(Message(REFUSED))
            time.sleep(_JUDGING)


def _nothing() -> None:
    return


_mine: Link | None = None


def begin_command() -> None:
    """Call it before a command is started."""
    if _mine is not None:
        _mine.begin()


def say(kind: bytes, group: int = 0, grace: float | None = None) -> None:
    if _mine is not None:
        _mine.send(Message(kind, group, grace))


def let_judge() -> None:
    if _mine is not None:
        _mine.let_judge()


def before_standing(function: Callable[[], None]) -> None:
    """Let it be called before this process stands still."""
    if _mine is not None:
        _mine.before_standing = function


def stopped() -> bool:
    """Whether the run is being stopped: nothing new is to begin."""
    return _mine is not None and _mine.stopped


def stand_still(kind: bytes) -> NoReturn:
    """Do nothing more, until the guard ends this process. Other threads go on."""
    if _mine is not None:
        _mine.before_standing()
    say(kind)
    while True:
        signal.pause()
