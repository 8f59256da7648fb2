"""The controlling terminal, which one process group at a time may read and change: the foreground."""

from __future__ import annotations

import os
from contextlib import suppress


class Terminal:
    """Lends the foreground of this process to a command. Needs SIGTTOU ignored."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def controlling(cls) -> Terminal | None:
        """Return the terminal of this process; None without one."""
        try:
            return cls(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
        except OSError:
            return None

    def lend(self, group: int) -> bool:
        """Give the foreground to a group if this process has it; return whether it did."""
        return self._pass(os.getpgrp(), group)

    def take_back(self, group: int) -> None:
        """Take the foreground back if the group has it."""
        self._pass(group, os.getpgrp())

    def close(self) -> None:
        os.close(self._descriptor)

    def _pass(self, giver: int, taker: int) -> bool:
        with suppress(OSError):
            if os.tcgetpgrp(self._descriptor) == giver:
                os.tcsetpgrp(self._descriptor, taker)
                return True
        return False


def is_alone(*own: int) -> bool:
    """Return True if no process but this one and its ``own`` is in its group.

    A pager at the other end of a pipeline is in it, and needs the terminal as much as the command does.
    """
    group, mine = os.getpgrp(), {os.getpid(), *own}
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:  # no procfs: then a pipe tells that there is a pipeline
        return os.isatty(0) and os.isatty(1)
    return not any(_group_of(number) == group for number in numbers if number not in mine)


def _group_of(number: int) -> int | None:
    try:
        return os.getpgid(number)
    except OSError:
        return None
